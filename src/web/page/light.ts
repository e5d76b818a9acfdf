import type { Words } from "./status.js";

/** Of the status: what the box thinks of the light, and where filter and lamp are. */
export interface Light {
  mode_why?: string | null;
  lux?: number | null;
  /** Null where there is no filter. */
  filter?: "in_path" | "out_of_path" | "unknown" | null;
  /** From 0, dark, to 1; null where there is no lamp. */
  lamp?: number | null;
  switches_today?: number | null;
  by?: "auto" | "day" | "night" | "sun" | "line" | null;
}

/** Of the status: a line in or out. */
export interface Line {
  name: string;
  /** Null while the line is not held. */
  value?: boolean | null;
  state: "ok" | "busy" | "absent" | "stuck";
  holder?: string | null;
  last_error?: string | null;
}

const kLineNames: Record<string, { label: string; active: string; inactive: string }> = {
  pir: { label: "PIR sensor", active: "Somebody is there", inactive: "Nobody" },
  button: { label: "Button", active: "Pressed", inactive: "Not pressed" },
  light_sensor: { label: "Light sensor", active: "Light", inactive: "Dark" },
  live_light: { label: "Live light", active: "On", inactive: "Off" },
  status_led: { label: "Status LED", active: "On", inactive: "Off" },
  lamp: { label: "Lamp", active: "On", inactive: "Dark" },
  filter: { label: "IR-cut filter", active: "In the path", inactive: "Out of the path" },
  filter_a: { label: "Filter, wire A", active: "Pulse", inactive: "Idle" },
  filter_b: { label: "Filter, wire B", active: "Pulse", inactive: "Idle" },
};

export function lineLabel(line: Line): string {
  return kLineNames[line.name]?.label ?? line.name;
}

export function lineWords(line: Line): Words {
  switch (line.state) {
    case "busy": return { text: "In use", tone: "bad" };
    case "absent": return { text: "Not there", tone: "bad" };
    case "stuck": return { text: "Stuck", tone: "warn" };
    case "ok": break;
  }
  if (typeof line.value !== "boolean") return { text: "Not known yet", tone: "quiet" };
  const names = kLineNames[line.name];
  return line.value ? { text: names?.active ?? "Active", tone: "good" }
    : { text: names?.inactive ?? "Not active", tone: "quiet" };
}

/** What is wrong with a line, and what to do; empty while it is well. */
export function lineDetail(line: Line): string {
  switch (line.state) {
    case "busy": return `Held by ${line.holder || "another program"}; the box tries again.`;
    case "absent": return `${line.last_error || "Its chip or line was not found"}; the box tries again.`;
    case "stuck": return "Active all the time, so it counts as idle. Check its wiring.";
    case "ok": return "";
  }
}

/** As many digits as the estimate deserves. */
export function luxText(lux: number): string {
  return `${lux.toFixed(lux < 1 ? 2 : lux < 10 ? 1 : 0)} lx`;
}

function filterText(filter: NonNullable<Light["filter"]>): string {
  switch (filter) {
    case "in_path": return "In the path";
    case "out_of_path": return "Out of the path";
    case "unknown": return "Not moved yet";
  }
}

function lampText(lamp: number): string {
  return lamp > 0 ? `${Math.round(lamp * 100)} %` : "Dark";
}

/** Terms and figures of what is known. */
export function lightFacts(light: Light): [string, string][] {
  const facts: [string, string][] = [];
  if (typeof light.lux === "number") facts.push(["Light", luxText(light.lux)]);
  if (light.filter) facts.push(["IR-cut filter", filterText(light.filter)]);
  if (light.filter && typeof light.switches_today === "number")
    facts.push(["Moved in 24 h", `${light.switches_today} ×`]);
  if (typeof light.lamp === "number") facts.push(["Lamp", lampText(light.lamp)]);
  return facts;
}
