// A colour for each person, the same on every screen: as Excalidraw gives it to their cursor, and darker for what they
// drew, so that it can be told from the paper. Pure.

function hashOf(text: string): number {
  let hash = 0;
  for (const character of text) hash = (hash << 5) - hash + character.charCodeAt(0);
  return Math.abs(hash);
}

const hueOf = (user: string): number => (hashOf(user) % 37) * 10;

export const inkOf = (user: string): string => `hsl(${hueOf(user)}, 80%, 36%)`;
