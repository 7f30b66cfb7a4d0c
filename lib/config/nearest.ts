/** The name most like `wanted`, if one is near enough to be what was meant (a third of its letters changed). */
export function nearest(wanted: string, names: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** `; did you mean "columns"?`, or `otherwise`. */
export function suggestion(wanted: string, names: Iterable<string>, otherwise = ''): string {
  const name = nearest(wanted, names);
  return name === undefined ? otherwise : `; did you mean "${name}"?`;
}

/** Whether a name may be a slip of the other: alike but for case, blanks, `_` and `-`, or a letter or two of many. */
export function isSlip(name: string, other: string): boolean {
  const [a, b] = [name, other].map(text => text.toLowerCase().replace(/[\s_-]/g, '')) as [string, string];
  const most = Math.min(2, Math.floor(Math.max(a.length, b.length) / 3));
  return editDistance(a, b) <= most;
}

/** Letters inserted, removed, replaced or swapped with their neighbour to make b of a. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let distance = Math.min(last[j]! + 1, row[j - 1]! + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        distance = Math.min(distance, beforeLast[j - 2]! + 1);
      }
      row.push(distance);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length]!;
}
