// What every fold of a feature is made of: reducers by event type over one slice of the view, mirroring the `apply` of
// rooms/<feature>.py. A reducer never fails; an event type without a reducer changes nothing.
import type { Event } from "../protocol";
import type { Recorded } from "../wire";

export type EventType = Event["type"];
export type RecordedOf<T extends EventType> = Extract<Recorded, { type: T }>;

export type Reducers<S> = { readonly [T in EventType]?: (slice: S, event: RecordedOf<T>) => S };

/** The slice after one more event. */
export function reduce<S>(reducers: Reducers<S>, slice: S, event: Recorded): S {
  if (!Object.hasOwn(reducers, event.type)) return slice;
  const reducer = reducers[event.type] as ((slice: S, event: Recorded) => S) | undefined;
  return reducer === undefined ? slice : reducer(slice, event);
}

/** The object without fields that hold nothing: on the wire a field without a value is left out, never null. */
export function compact<T extends object>(value: { [K in keyof T]: T[K] | undefined | null }): T {
  return Object.fromEntries(Object.entries(value).filter(([, held]) => held !== undefined && held !== null)) as T;
}

/** A map without one of its keys. */
export function without<V>(map: Record<string, V>, key: string): Record<string, V> {
  if (!Object.hasOwn(map, key)) return map;
  const { [key]: _gone, ...rest } = map;
  return rest;
}
