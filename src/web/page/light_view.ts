import { element, listItem, made } from "./dom.js";
import { lightFacts, lineDetail, lineLabel, lineWords } from "./light.js";
import type { Status } from "./status.js";

/** The card "Light and lines": day or night and why, filter and lamp, and what each line is at. */
export class LightView {
  private readonly card = element("light-card", HTMLDivElement);
  private readonly mode = element("light-mode", HTMLParagraphElement);
  private readonly why = element("light-why", HTMLParagraphElement);
  private readonly facts = element("light-facts", HTMLDListElement);
  private readonly lines = element("light-lines", HTMLUListElement);

  show(status: Status): void {
    const { light, mode } = status;
    const lines = status.lines ?? [];
    this.card.hidden = !light && lines.length === 0;
    this.mode.hidden = !light || !mode;
    this.mode.textContent = mode === "night" ? "Night" : "Day";
    this.why.textContent = light?.mode_why ?? "";
    this.why.hidden = !light?.mode_why;
    const facts = light ? lightFacts(light) : [];
    this.facts.hidden = facts.length === 0;
    this.facts.replaceChildren(...facts.flatMap(([term, text]) => [made("dt", term), made("dd", text)]));
    this.lines.hidden = lines.length === 0;
    this.lines.replaceChildren(...lines.map((line) => listItem(lineLabel(line), lineWords(line), lineDetail(line))));
  }
}
