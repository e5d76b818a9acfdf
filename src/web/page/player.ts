/** What a player tells the page. Times are those of performance.now(), in ms. */
export interface PlayerEvents {
  /** A new picture is on the screen. */
  picture(): void;
  /** The browser wants the user's finger before it plays anything. */
  needsTouch(): void;
  /** The stream that begins now has sound, or not. */
  sound(has: boolean): void;
}

/** One connection's worth of pictures. Resolves when the stream ends or fails in a way that a new try may mend. */
export interface Player {
  play(signal: AbortSignal): Promise<void>;
  /** Whether this browser can show such a stream at all; known for sure only after a try. */
  readonly supported: boolean;
}

// The box itself gives up after 5 s without a picture. A network that is gone says nothing for minutes.
const kAnswerMs = 8000;

/** Begins a response whose body has no end. `ending` is aborted when no answer comes. */
export function fetchMedia(path: string, ending: AbortController): Promise<Response> {
  const late = setTimeout(() => ending.abort(), kAnswerMs);
  return fetch(path, { signal: ending.signal, cache: "no-store" }).finally(() => clearTimeout(late));
}
