/** Ends this process when it has outlived every test, should the one that started it have been killed. */
export function stopInTime(): void {
  setTimeout(() => process.exit(3), 15_000).unref();
}
