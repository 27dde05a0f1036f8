import type { InstanceRef, TaskRef } from "../resolved-case.ts";

const INSTANCE = /^([A-Za-z_][A-Za-z0-9_-]*)(?:#([1-9][0-9]*))?$/;

/** Reads "etl" or "etl#2". Undefined for anything else. */
export function parseInstanceRef(text: string): InstanceRef | undefined {
  const match = INSTANCE.exec(text);
  if (match?.[1] === undefined) return undefined;
  return { workflow: match[1], ordinal: match[2] === undefined ? null : Number(match[2]) };
}

/** Reads "etl.extract" or "etl#2.extract". Undefined for anything else. */
export function parseTaskRef(text: string): TaskRef | undefined {
  const dot = text.indexOf(".");
  if (dot < 0) return undefined;
  const instance = parseInstanceRef(text.slice(0, dot));
  const task = text.slice(dot + 1);
  if (instance === undefined || !/^[A-Za-z_][A-Za-z0-9_-]*$/.test(task)) return undefined;
  return { ...instance, task };
}

/** As one would write it. */
export function formatInstanceRef(ref: InstanceRef): string {
  return ref.ordinal === null ? ref.workflow : `${ref.workflow}#${ref.ordinal}`;
}

/** As one would write it. */
export function formatTaskRef(ref: TaskRef): string {
  return `${formatInstanceRef(ref)}.${ref.task}`;
}
