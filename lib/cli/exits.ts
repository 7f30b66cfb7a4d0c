/** What a command's exit code says. */
export const exits = {
  done: 0,
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** Something went to quarantine; everything else was done. */
  quarantined: 3,
  /** `status --check`: entries wait longer than their table's freshness, or files wait in quarantine. */
  behind: 4,
} as const;
