import { fetchJson } from "./box.js";
import type { Light, Line } from "./light.js";

/** The body of /api/v1/status, as far as the page reads it. Keys are only ever added; unknown values are null. */
export interface Status {
  version: string;
  name: string;
  state: "starting" | "ok" | "degraded" | "stopping";
  uptime_s: number;
  mode?: "day" | "night" | null;
  camera: {
    source: string;
    state: "running" | "stalled" | "absent" | "busy";
    width: number | null;
    height: number | null;
    fps: number | null;
    last_error?: string | null;
    content?: "live" | "simulated" | "slate" | null;
  };
  encoder?: { state: "running" | "sleeping" | "failed"; bitrate_bps: number | null } | null;
  outputs?: Output[];
  /** Null while nothing looks for motion. */
  motion?: { active: boolean; score: number | null; threshold: number | null; events: number } | null;
  /** Of the visit that is under way; null: there is none. Missing: this daemon knows no visits. */
  visit_id?: number | null;
  problems?: Problem[];
  /** Missing or null where nothing tells day from night. */
  light?: Light | null;
  /** Those that are configured. */
  lines?: Line[] | null;
}

export interface Output {
  name: string;
  state: "off" | "connecting" | "live" | "slate" | "backoff" | "failed";
  retry_in_s?: number | null;
  last_error?: string | null;
}

export interface Problem {
  code: string;
  text: string;
  since: string | null;
}

export type Tone = "good" | "warn" | "bad" | "quiet";
export interface Words {
  text: string;
  tone: Tone;
}

/** What whoever sees the picture may know of it, logged in or not. */
export interface PictureStatus {
  name: string;
  camera: Pick<Status["camera"], "state" | "content"> & { source?: string };
  problems?: Problem[];
}

/** How the box takes us: "local" and "session" may see everything, "public" the picture. */
export interface Session {
  access: "local" | "session" | "public";
  csrf: string;
}

export const fetchStatus = (signal: AbortSignal): Promise<Status> => fetchJson("/api/v1/status", signal);
export const fetchPictureStatus = (signal: AbortSignal): Promise<PictureStatus> => fetchJson("/api/v1/picture", signal);
export const fetchSession = (signal: AbortSignal): Promise<Session> => fetchJson("/api/v1/session", signal);

export function healthWords(status: Status): Words {
  switch (status.state) {
    case "ok": return { text: "All is well", tone: "good" };
    case "degraded": return { text: "Has a problem", tone: "warn" };
    case "starting": return { text: "Starting", tone: "quiet" };
    case "stopping": return { text: "Shutting down", tone: "quiet" };
  }
}

export function cameraWords(status: Status): string {
  switch (status.camera.state) {
    case "running": return "Working";
    case "stalled": return "Stopped giving pictures; being restarted";
    case "absent": return "Not found";
    case "busy": return "In use by another program";
  }
}

/** What is shown when the picture is not the camera's of this moment. */
export function contentOf(status: PictureStatus): "live" | "simulated" | "slate" {
  if (status.camera.state !== "running") return "slate";
  if (status.camera.content) return status.camera.content;
  return /^scene(:|$)/.test(status.camera.source ?? "") ? "simulated" : "live";
}

/** Since when there has been no picture, as far as the box says. */
export function noPictureSince(status: PictureStatus): Date | undefined {
  const since = status.problems?.find((problem) => problem.code.startsWith("camera"))?.since;
  return since ? new Date(since) : undefined;
}

export function outputWords(output: Output): Words {
  switch (output.state) {
    case "live": return { text: "Sending", tone: "good" };
    case "slate": return { text: "Sending a still", tone: "good" };
    case "connecting": return { text: "Connecting", tone: "quiet" };
    case "backoff": return { text: retryText(output.retry_in_s), tone: "warn" };
    case "failed": return { text: "Failed", tone: "bad" };
    case "off": return { text: "Off", tone: "quiet" };
  }
}

function retryText(seconds: number | null | undefined): string {
  return seconds ? `Trying again in ${Math.ceil(seconds)} s` : "Trying again";
}

export function durationText(seconds: number): string {
  const units: [number, string][] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]];
  const [size, name] = units.find(([length]) => seconds >= length) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

export function clockText(time: Date): string {
  const today = new Date().toDateString() === time.toDateString();
  const clock = time.toLocaleTimeString([], { hour: "numeric", minute: "2-digit", second: "2-digit" });
  return today ? clock : `${time.toLocaleDateString([], { day: "numeric", month: "short" })}, ${clock}`;
}
