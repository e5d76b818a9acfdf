import { cameraWords, clockText, durationText, healthWords, outputWords, type PictureStatus, type Status, type Words } from "./status.js";
import { element, listItem, made } from "./dom.js";
import { LightView } from "./light_view.js";

/** Writes a status into the cards beside the picture. Text goes in as text alone, never as markup. */
export class StatusView {
  private readonly name = element("box-name", HTMLHeadingElement);
  private readonly cards = element("status", HTMLElement);
  private readonly health = element("health", HTMLParagraphElement);
  private readonly facts = element("facts", HTMLDListElement);
  private readonly outputs = element("outputs", HTMLUListElement);
  private readonly outputsCard = element("outputs-card", HTMLDivElement);
  private readonly problems = element("problems", HTMLUListElement);
  private readonly problemsCard = element("problems-card", HTMLDivElement);
  private readonly light = new LightView();

  /** The picture is for everybody, the rest for who has logged in. */
  showToPublic(status: PictureStatus): void {
    this.showName(status.name);
    this.setHealth({ text: "Picture only", tone: "quiet" });
    this.cards.hidden = true;
  }

  show(status: Status): void {
    this.cards.hidden = false;
    this.showName(status.name);
    this.setHealth(healthWords(status));
    this.facts.replaceChildren(...factsOf(status).flatMap(([term, text]) => [made("dt", term), made("dd", text)]));

    this.light.show(status);

    const outputs = status.outputs ?? [];
    this.outputsCard.hidden = outputs.length === 0;
    this.outputs.replaceChildren(...outputs.map((output) => {
      const words = outputWords(output);
      const detail = words.tone === "good" || words.tone === "quiet" ? "" : output.last_error ?? "";
      return listItem(output.name, words, detail);
    }));

    const problems = status.problems ?? [];
    this.problemsCard.hidden = problems.length === 0;
    this.problems.replaceChildren(...problems.map((problem) =>
      listItem(problem.text, undefined, problem.since ? `since ${clockText(new Date(problem.since))}` : "")));
  }

  showUnreachable(since: Date): void {
    this.setHealth({ text: `No answer since ${clockText(since)}`, tone: "bad" });
  }

  private showName(name: string): void {
    this.name.textContent = name;
    document.title = `${name} – nestbox`;
  }

  private setHealth(words: Words): void {
    if (this.health.textContent !== words.text) this.health.textContent = words.text;  // or it is read aloud each time
    this.health.dataset["tone"] = words.tone;
  }
}

function factsOf(status: Status): [string, string][] {
  const { camera, encoder } = status;
  const facts: [string, string][] = [["Camera", cameraWords(status)]];
  const running = camera.state === "running";
  if (running && camera.width && camera.height && camera.fps)
    facts.push(["Picture", `${camera.width} × ${camera.height}, ${Math.round(camera.fps)} fps`]);
  facts.push(["Source", camera.source]);
  if (status.mode && !status.light) facts.push(["Mode", status.mode === "day" ? "Day" : "Night"]);
  if (encoder?.state === "running" && encoder.bitrate_bps)
    facts.push(["Data rate", `${(encoder.bitrate_bps / 1e6).toFixed(1)} Mbit/s`]);
  if (encoder?.state === "failed") facts.push(["Encoder", "Failed"]);
  facts.push(["Running for", durationText(status.uptime_s)], ["Version", status.version]);
  return facts;
}
