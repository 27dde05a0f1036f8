/** What is known about one thing that a task asks for. */
export type Answer = "yes" | "no" | "waiting";

export type Relation = "AND" | "OR";

/** What CONDITIONS and DEPENDENT ask for, in the two levels in which DolphinScheduler stores it. */
export interface Dependence<Item> {
  readonly relation: Relation;
  readonly groups: readonly { readonly relation: Relation; readonly items: readonly Item[] }[];
}

/** AND is lost with the first no, OR is won with the first yes: the others are not waited for. Of nothing: yes. */
export function combine(relation: Relation, answers: readonly Answer[]): Answer {
  if (answers.length === 0) return "yes";
  const [decisive, other] = relation === "AND" ? (["no", "yes"] as const) : (["yes", "no"] as const);
  if (answers.includes(decisive)) return decisive;
  return answers.includes("waiting") ? "waiting" : other;
}

/** The answer to the whole, from that to each item. */
export function judgeDependence<Item>(
  dependence: Dependence<Item>,
  answerOf: (item: Item) => Answer,
): Answer {
  const groups = dependence.groups.map(({ relation, items }) => combine(relation, items.map(answerOf)));
  return combine(dependence.relation, groups);
}
