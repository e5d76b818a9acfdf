import { fetchJson, send } from "./box.js";

export type Light = "day" | "infrared";

/** The body of /api/v1/focus/LIGHT: one look at one picture. */
export interface Look {
  light: Light;
  sharpness: number;
  peak: number | null;
  peaks: Record<Light, number | null>;
  /** The camera's own figure (libcamera's FocusFoM), where it has one. */
  focus_measure: number | null;
  focus_measure_peak: number | null;
  /** A lens with a motor: dioptres. */
  lens: { min: number; max: number; position: number | null } | null;
  width: number;
  height: number;
  crop_width: number;
  crop_height: number;
}

export const fetchLook = (light: Light, signal: AbortSignal): Promise<Look> =>
  fetchJson(`/api/v1/focus/${light}`, signal);
export const resetPeak = (light: Light, csrf: string): Promise<void> => send("/api/v1/focus/reset", { light }, csrf);
export const holdLens = (dioptres: string, csrf: string): Promise<void> =>
  send("/api/v1/focus/lock", { dioptres }, csrf);

/** Of the peak, 0 to 1. */
export function shareOfPeak(look: Look): number {
  return look.peak ? Math.min(1, look.sharpness / look.peak) : 0;
}

/** How many pixels of the screen, both ways, show one of the camera's: whole ones, or the eye would judge the scaling. */
export function wholeScale(look: Look, width: number, height: number, pixelRatio: number): number {
  const fits = Math.min((width * pixelRatio) / look.crop_width, (height * pixelRatio) / look.crop_height);
  return Math.max(1, Math.floor(fits + 1e-6));
}

export function dioptresText(dioptres: number): string {
  const distance = dioptres > 0 ? `${Math.round(100 / dioptres)} cm` : "far away";
  return `${dioptres.toFixed(1)} (${distance})`;
}
