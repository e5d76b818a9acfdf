import { LoggedOut } from "./box.js";
import { element } from "./dom.js";
import type { Entrance } from "./entrance.js";
import type { Status } from "./status.js";
import { VisitCard, type CardOrders } from "./visit_card.js";
import { fetchVisits, remark, type Remark, type Visit, type VisitPage } from "./visits.js";

// While a visit lasts, or has just ended, its figures and its clip are still to come.
const kSoonMs = 4000;
const kLaterMs = 30000;
const kFreshMs = 60000;

/** The list of visits, newest first, and the line below the picture that says what moves now. */
export class VisitsView implements CardOrders {
  private readonly section = element("visits", HTMLElement);
  private readonly list = element("visits-list", HTMLUListElement);
  private readonly none = element("visits-none", HTMLParagraphElement);
  private readonly more = element("visits-more", HTMLButtonElement);
  private readonly message = element("visits-message", HTMLParagraphElement);
  private readonly species = element("species-known", HTMLDataListElement);
  private readonly cards = new Map<number, VisitCard>();
  private next: number | null = null;
  private known = false;
  private away = false;
  private loading = false;
  private loadedAt = -Infinity;
  private changedAt = -Infinity;
  private state = "";

  constructor(private readonly entrance: Entrance) {
    this.more.addEventListener("click", () => void this.loadMore());
  }

  /** Another part of the page has its place. */
  set hidden(hidden: boolean) {
    this.away = hidden;
    this.place();
  }

  /** Visits are for those who have logged in. */
  showToPublic(): void {
    this.known = false;
    this.place();
  }

  /** Asks for the newest when the status tells of a change, and now and then. */
  follow(status: Status, signal: AbortSignal): void {
    this.known = status.visit_id !== undefined;
    this.place();
    if (!this.known || this.away) return;
    this.explainNone(status);
    const state = `${status.visit_id} ${status.motion?.events}`;
    const now = performance.now();
    if (state !== this.state) this.changedAt = now;
    const fresh = status.visit_id !== null || now - this.changedAt < kFreshMs;
    const due = state !== this.state || now - this.loadedAt > (fresh ? kSoonMs : kLaterMs);
    this.state = state;
    if (due) void this.loadNewest(signal);
  }

  async change(id: number, said: Remark): Promise<Visit> {
    const visit = await remark(id, said, this.entrance.csrf);
    this.offerSpecies(visit);
    return visit;
  }

  plays(card: VisitCard): void {
    for (const other of this.cards.values()) if (other !== card && other.playing) other.showPhoto();
  }

  private async loadNewest(signal: AbortSignal): Promise<void> {
    await this.load(null, signal, (page) => {
      const meets = page.visits.some((visit) => this.cards.has(visit.id));
      if (!meets) {  // the first time, or so many have come that some are missing between
        this.cards.clear();
        this.list.replaceChildren();
        this.next = page.next;
      }
      for (const visit of [...page.visits].reverse()) this.put(visit, "first");
      this.loadedAt = performance.now();
    });
  }

  private async loadMore(): Promise<void> {
    await this.load(this.next, new AbortController().signal, (page) => {
      this.next = page.next;
      for (const visit of page.visits) this.put(visit, "last");
      const first = page.visits[0];
      if (first) this.cards.get(first.id)?.item.focus();
    });
  }

  private async load(before: number | null, signal: AbortSignal, take: (page: VisitPage) => void): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      take(await fetchVisits(before, signal));
      this.say("");
      this.none.hidden = this.cards.size > 0;
      this.more.hidden = this.next === null;
    } catch (trouble) {
      if (signal.aborted) return;
      if (trouble instanceof LoggedOut) this.entrance.leave();
      this.say(`The visits cannot be shown: ${trouble instanceof Error ? trouble.message : "the box does not answer"}`);
    } finally {
      this.loading = false;
    }
  }

  private put(visit: Visit, place: "first" | "last"): void {
    this.offerSpecies(visit);
    const card = this.cards.get(visit.id);
    if (card) return card.show(visit);
    const added = new VisitCard(visit, this);
    this.cards.set(visit.id, added);
    if (place === "first") this.list.prepend(added.item);
    else this.list.append(added.item);
  }

  private offerSpecies(visit: Visit): void {
    const name = visit.species;
    if (!name || [...this.species.options].some((option) => option.value === name)) return;
    const option = document.createElement("option");
    option.value = name;
    this.species.append(option);
  }

  private explainNone(status: Status): void {
    const blind = status.motion ? ""
      : " Nothing looks for motion at the moment: there is no camera picture, or motion.enabled is false.";
    const words = "No visits yet. One begins when something moves in front of the camera for a moment; " +
      `its photograph and its clip then appear here.${blind}`;
    if (this.none.textContent !== words) this.none.textContent = words;
  }

  private place(): void {
    this.section.hidden = this.away || !this.known;
  }

  private say(message: string): void {
    if (this.message.textContent !== message) this.message.textContent = message;
    this.message.hidden = message === "";
  }
}
