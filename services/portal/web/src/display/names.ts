/** `check-credit` → `Check credit`: a task's name as a person would write it. */
export function human(name: string): string {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/[-_]+/g, " ")
    .trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function initials(name: string): string {
  const words = name
    .replace(/[^\p{L}\p{N} ]/gu, "")
    .split(/\s+/)
    .filter(Boolean);
  return words
    .slice(0, 2)
    .map(word => word.charAt(0).toUpperCase())
    .join("");
}
