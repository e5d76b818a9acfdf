import { made } from "./dom.js";
import { clockText } from "./status.js";
import { clipPath, factsText, fetchWhy, motionText, photoPath, type Remark, type Visit, type Why } from "./visits.js";

/** What a card asks of its list. */
export interface CardOrders {
  /** Throws with the box's own words when it refuses. */
  change(id: number, said: Remark): Promise<Visit>;
  /** The card's clip begins to play: any other makes room. */
  plays(card: VisitCard): void;
}

/** One visit on the page. Text goes in as text alone, never as markup. */
export class VisitCard {
  readonly item = made("li", "", "card visit");
  private readonly shot = made("div", "", "shot");
  private readonly time = document.createElement("time");
  private readonly facts = made("p", "", "detail");
  private readonly star = button("way star");
  private readonly species = document.createElement("input");
  private readonly notes = document.createElement("textarea");
  private readonly why = document.createElement("details");
  private readonly download = document.createElement("a");
  private readonly message = made("p", "", "detail");
  private shown = "";
  private visit: Visit;

  constructor(visit: Visit, private readonly orders: CardOrders) {
    this.visit = visit;
    this.item.tabIndex = -1;
    this.item.append(this.shot, this.words());
    this.star.addEventListener("click", () => this.save({ starred: !this.visit.starred }));
    this.species.addEventListener("change", () => this.save({ species: this.species.value.trim() }));
    this.notes.addEventListener("change", () => this.save({ notes: this.notes.value.trim() }));
    this.why.addEventListener("toggle", () => {
      if (this.why.open) void this.explain();
    });
    this.show(visit);
  }

  show(visit: Visit): void {
    const text = JSON.stringify(visit);
    if (text === this.shown) return;  // nothing under the reader's finger or cursor is touched
    const before = this.shown === "" ? undefined : this.visit;
    this.shown = text;
    this.visit = visit;
    const when = clockText(new Date(visit.start));
    this.time.textContent = when;
    this.time.dateTime = visit.start;
    this.facts.textContent = factsText(visit);
    this.star.setAttribute("aria-pressed", String(visit.starred));
    this.star.setAttribute("aria-label", `Star the visit of ${when}`);
    this.species.setAttribute("aria-label", `Species of the visit of ${when}`);
    this.notes.setAttribute("aria-label", `Notes on the visit of ${when}`);
    fill(this.species, visit.species);
    fill(this.notes, visit.notes);
    this.download.hidden = visit.clip === null;
    this.download.href = clipPath(visit.id);
    this.download.setAttribute("aria-label", `Download the clip of ${when}`);
    if (before?.photo !== visit.photo || before.clip !== visit.clip) this.showPhoto();
  }

  /** The photograph, with a button that plays the clip in its place. */
  showPhoto(): void {
    const { visit } = this;
    const when = clockText(new Date(visit.start));
    this.shot.replaceChildren();
    if (visit.photo !== null) {
      const image = document.createElement("img");
      image.loading = "lazy";
      image.alt = `Photograph of the visit of ${when}`;
      image.src = photoPath(visit.id);
      this.shot.append(image);
    } else {
      this.shot.append(made("p", visit.end === null ? "The visit goes on" : "No photograph", "none"));
    }
    if (visit.clip === null) return;
    const play = button("play");
    play.textContent = "Play";
    play.setAttribute("aria-label", `Play the clip of ${when}`);
    play.addEventListener("click", () => this.play());
    this.shot.append(play);
  }

  get playing(): boolean {
    return this.shot.querySelector("video") !== null;
  }

  private play(): void {
    this.orders.plays(this);
    this.say("");
    const video = document.createElement("video");
    video.controls = true;
    video.playsInline = true;
    video.autoplay = true;
    if (this.visit.photo !== null) video.poster = photoPath(this.visit.id);
    video.src = clipPath(this.visit.id);
    video.setAttribute("aria-label", `Clip of the visit of ${this.time.textContent}`);
    video.addEventListener("error", () => {
      this.showPhoto();
      this.say("The clip cannot be played. It may have been deleted to make room.");
    });
    this.shot.replaceChildren(video);
    video.focus();
  }

  private words(): HTMLElement {
    const words = made("div", "", "words");
    const line = made("div", "", "line");
    const title = document.createElement("h3");
    title.append(this.time);
    this.star.append(made("span", "★", "mark"), "Star");
    this.star.firstElementChild!.setAttribute("aria-hidden", "true");
    line.append(title, this.star);
    this.species.placeholder = "Species";
    this.species.maxLength = 100;
    this.species.setAttribute("list", "species-known");
    this.notes.placeholder = "Notes";
    this.notes.maxLength = 2000;
    this.notes.rows = 1;
    this.message.setAttribute("role", "status");
    this.why.append(made("summary", "Why"));
    this.download.className = "way";
    this.download.download = "";
    this.download.textContent = "Download";
    const feet = made("div", "", "feet");
    feet.append(this.why, this.download);
    words.append(line, this.facts, this.species, this.notes, feet, this.message);
    return words;
  }

  private async explain(): Promise<void> {
    const summary = this.why.firstElementChild!;
    const answer = await fetchWhy(this.visit.id, new AbortController().signal).then(whyParts, (trouble: unknown) =>
      [made("p", trouble instanceof Error ? trouble.message : "The box does not answer.")]);
    this.why.replaceChildren(summary, ...answer);
  }

  private save(said: Remark): void {
    this.orders.change(this.visit.id, said).then((visit) => {
      this.show(visit);
      this.say("Saved");
    }, (trouble: unknown) => {
      this.say(`Not saved: ${trouble instanceof Error ? trouble.message : "the box does not answer"}`);
    });
  }

  private say(message: string): void {
    this.message.textContent = message;
  }
}

function button(className: string): HTMLButtonElement {
  const made = document.createElement("button");
  made.type = "button";
  made.className = className;
  return made;
}

/** What somebody is writing stays theirs. */
function fill(field: HTMLInputElement | HTMLTextAreaElement, text: string | null): void {
  if (document.activeElement !== field) field.value = text ?? "";
}

function whyParts(why: Why): HTMLElement[] {
  const parts = [made("p", why.sentence)];
  const list = (title: string, motions: Why["events"]): void => {
    if (motions.length === 0) return;
    const items = document.createElement("ul");
    items.append(...motions.map((motion) => made("li", motionText(motion))));
    parts.push(made("h4", title), items);
  };
  list("What moved, in seconds since the visit began", why.events);
  list("Near misses: held back", why.near_misses);
  return parts;
}
