export function isJustified(_name: string, _right: string): boolean {
  return false;
}
