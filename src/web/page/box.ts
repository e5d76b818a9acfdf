/** Questions to the box, and orders. */

/** The box wants a password first. */
export class LoggedOut extends Error {}

const kTimeoutMs = 4000;

/** Throws LoggedOut, or whatever else when the box does not answer as it should: then with its own words, if any. */
export function fetchJson<T>(path: string, signal: AbortSignal): Promise<T> {
  return ask(path, { signal }, (response) => response.json() as Promise<T>);
}

export function fetchBlob(path: string, signal: AbortSignal): Promise<Blob> {
  return ask(path, { signal }, (response) => response.blob());
}

/** A change of something; throws as fetchJson. */
export function send(path: string, fields: Record<string, string>, csrf: string): Promise<void> {
  const request = { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRF-Token": csrf } };
  return ask(path, request, () => Promise.resolve());
}

/** A change of what is at `path`, which answers with what it has become; throws as fetchJson. */
export function change<T>(path: string, said: object, csrf: string): Promise<T> {
  const headers = { "X-CSRF-Token": csrf, "Content-Type": "application/json" };
  const request = { method: "PATCH", body: JSON.stringify(said), headers };
  return ask(path, request, (response) => response.json() as Promise<T>);
}

async function ask<T>(path: string, request: RequestInit, read: (response: Response) => Promise<T>): Promise<T> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  const timer = setTimeout(end, kTimeoutMs);
  request.signal?.addEventListener("abort", end, { once: true });
  try {
    const response = await fetch(path, { ...request, signal: ending.signal, cache: "no-store" });
    if (response.status === 401) throw new LoggedOut("log in again");
    if (!response.ok) throw new Error(await messageOf(response));
    return await read(response);
  } finally {
    clearTimeout(timer);
    request.signal?.removeEventListener("abort", end);
  }
}

async function messageOf(response: Response): Promise<string> {
  const body: unknown = await response.json().catch(() => undefined);
  const message = (body as { error?: { message?: unknown } } | undefined)?.error?.message;
  return typeof message === "string" ? message : `status ${response.status}`;
}
