import { change, fetchJson } from "./box.js";

/** A visit as /api/v1/visits tells of it, as far as the page reads it. What is unknown is null. */
export interface Visit {
  id: number;
  start: string;
  /** Null while it lasts. */
  end: string | null;
  clock_trusted?: boolean | null;
  duration_s: number | null;
  triggers: string[];
  zones: string[];
  peak_score: number | null;
  clip: string | null;
  photo: string | null;
  starred: boolean;
  notes: string | null;
  species: string | null;
  openings?: number | null;
  nuts?: number | null;
  minutes?: number | null;
  temperature_c?: number | null;
  continues?: number | null;
}

export interface VisitPage {
  visits: Visit[];
  /** What asks for the visits before these; null: there are none. */
  next: number | null;
}

/** Something that moved: an event, or a near miss. Seconds since the visit began. */
export interface Motion {
  start_s: number | null;
  end_s: number | null;
  area: number | null;
  peak_score: number | null;
  threshold: number | null;
  zone: string | null;
  reasons: { code: string; text: string; ago_s: number | null }[];
}

export interface Why {
  id: number;
  sentence: string;
  trigger: string | null;
  events: Motion[];
  near_misses: Motion[];
}

export type Remark = Partial<Pick<Visit, "starred">> & { notes?: string; species?: string };

const kPageSize = 12;

export function fetchVisits(before: number | null, signal: AbortSignal): Promise<VisitPage> {
  const from = before === null ? "" : `&before=${before}`;
  return fetchJson(`/api/v1/visits?limit=${kPageSize}${from}`, signal);
}
export const fetchWhy = (id: number, signal: AbortSignal): Promise<Why> => fetchJson(`/api/v1/visits/${id}/why`, signal);
export const remark = (id: number, said: Remark, csrf: string): Promise<Visit> =>
  change(`/api/v1/visits/${id}`, said, csrf);
export const clipPath = (id: number): string => `/api/v1/visits/${id}/clip`;
export const photoPath = (id: number): string => `/api/v1/visits/${id}/photo`;

/** "2 min 5 s": exact where it is short. */
export function lengthText(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** What is known of a visit, in a line. */
export function factsText(visit: Visit): string {
  const facts = [visit.end === null ? "Still there" : visit.duration_s === null ? "" : lengthText(visit.duration_s)];
  const where = visit.zones.length ? ` in ${visit.zones.join(", ")}` : "";
  facts.push(visit.triggers.join(" and ") + where);
  if (visit.peak_score !== null) facts.push(`peak ${visit.peak_score.toFixed(1)}`);
  if (visit.openings) facts.push(`${visit.openings} opening${visit.openings === 1 ? "" : "s"}`);
  if (visit.nuts) facts.push(`${visit.nuts} nut${visit.nuts === 1 ? "" : "s"}`);
  if (typeof visit.temperature_c === "number") facts.push(`${visit.temperature_c.toFixed(1)} °C`);
  if (typeof visit.continues === "number") facts.push("goes on from the visit before");
  if (visit.clock_trusted === false) facts.push("the box's clock was not set");
  return facts.filter((fact) => fact !== "").join(" · ");
}

/** One thing that moved, in a line. */
export function motionText(motion: Motion): string {
  const figures: string[] = [];
  if (motion.area !== null) figures.push(`${(motion.area * 100).toFixed(1)} % of the picture`);
  if (motion.zone) figures.push(`in zone ${motion.zone}`);
  if (motion.peak_score !== null && motion.threshold !== null)
    figures.push(`motion ${motion.peak_score.toFixed(1)}, where ${motion.threshold.toFixed(1)} is needed`);
  figures.push(...motion.reasons.map((reason) => reason.text));
  const when = motion.start_s === null || motion.end_s === null
    ? "" : `From ${motion.start_s.toFixed(1)} s to ${motion.end_s.toFixed(1)} s: `;
  return when + figures.join("; ");
}
