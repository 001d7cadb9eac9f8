export function FindersView() {
  return null;
}
