import { RacewayError } from '../core/errors.ts';
import { DefinedStep } from './step.ts';
import type { Transition } from './transition.ts';

/** Where `this.next()` was called. */
export interface Caller {
  readonly flowName: string;
  readonly step: string;
  /** The names of the flow's steps. */
  readonly steps: ReadonlyMap<string, DefinedStep>;
  /** The name of a step of the flow. */
  readonly nameOf: (step: DefinedStep) => string | undefined;
  /** How many items a foreach may have. */
  readonly maxNumSplits: number;
}

/**
 * What the arguments of `this.next()` say.
 *
 * @throws {TypeError} when they are of no form that there is
 * @throws {RangeError} when the condition is none of the cases
 * @throws {RacewayError} `FLOW_DEFINITION` when a foreach has no items and does not allow for that, or has too many
 */
export function readTransition(args: readonly unknown[], caller: Caller): Transition {
  const [first, second] = args;
  if (args.length === 0) throw refused(caller, 'was given nothing', FORMS);
  if (isRecord(first)) {
    if (args.length === 2 && isRecord(second)) return readSwitch(first, second, caller);
    throw refused(caller, 'was given cases without a condition', `Write it as ${SWITCH_FORM}.`);
  }
  const last = args.at(-1);
  if (args.length > 1 && isRecord(last)) return readForeach(args.slice(0, -1), last, caller);
  const names = args.map((step) => stepName(step, caller));
  const [name, ...others] = names;
  if (name !== undefined && others.length === 0) return { kind: 'linear', steps: [name] };
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice === undefined) return { kind: 'branch', steps: names };
  throw refused(
    caller,
    `was given step ${twice} twice`,
    'Name each branch once; a step for each of many is a foreach.',
  );
}

const FOREACH_FORM = 'this.next(this.<step>, { foreach: <items> })';
const SWITCH_FORM = 'this.next({ yes: this.<step>, no: this.<step> }, { condition: <value> })';
const FORMS = `Write it as this.next(this.<step>), with more steps for branches, as ${FOREACH_FORM} or as ${SWITCH_FORM}.`;

function readForeach(
  targets: readonly unknown[],
  options: Readonly<Record<string, unknown>>,
  caller: Caller,
): Transition {
  if ('condition' in options) {
    throw refused(caller, 'was given a condition without cases', `Write it as ${SWITCH_FORM}.`);
  }
  refuseOthers(options, ['foreach', 'allowEmpty'], caller);
  if (!('foreach' in options)) throw refused(caller, 'was given options without foreach', FORMS);
  const [target, ...others] = targets;
  if (others.length > 0) {
    throw refused(
      caller,
      `was given ${targets.length} steps with foreach, which takes one`,
      'Go to one step, and let that one branch.',
    );
  }
  const name = stepName(target, caller);
  const { foreach, allowEmpty = false } = options;
  if (!isIterable(foreach)) {
    const what = foreach === null ? 'null' : typeof foreach;
    throw refused(
      caller,
      `was given ${what} for foreach, which cannot be iterated`,
      'Give it an array, a Set, a Map, …',
    );
  }
  const items = itemsOf(foreach, caller);
  if (items.length === 0 && allowEmpty !== true) {
    throw new RacewayError(
      'FLOW_DEFINITION',
      `The foreach from step ${caller.step} of ${caller.flowName} to ${name} has no items`,
      'See that it has some, or say { foreach, allowEmpty: true } to go on to the join with no inputs.',
    );
  }
  return { kind: 'foreach', steps: [name], items, allowEmpty: allowEmpty === true };
}

/** All items, unless there are too many: an iterable may go on for ever. */
function itemsOf(foreach: Iterable<unknown>, { step, maxNumSplits }: Caller): readonly unknown[] {
  const items: unknown[] = [];
  for (const item of foreach) {
    if (items.length === maxNumSplits) {
      const count = countOf(foreach);
      throw new RacewayError(
        'FLOW_DEFINITION',
        count === undefined
          ? `the foreach of step ${step} has more than the ${maxNumSplits} items that are allowed`
          : `the foreach of step ${step} has ${count} items, more than the ${maxNumSplits} that are allowed`,
        'Raise the limit with --max-num-splits, or go over fewer.',
      );
    }
    items.push(item);
  }
  return items;
}

/** As far as it is known without going through them. */
function countOf(items: Iterable<unknown>): number | undefined {
  if (Array.isArray(items)) return items.length;
  return items instanceof Set || items instanceof Map ? items.size : undefined;
}

function readSwitch(
  cases: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
  caller: Caller,
): Transition {
  if ('foreach' in options) {
    throw refused(caller, 'was given cases with foreach, which takes one step', `Write it as ${FOREACH_FORM}.`);
  }
  refuseOthers(options, ['condition'], caller);
  const names = new Map(Object.entries(cases).map(([key, step]) => [key, stepName(step, caller)]));
  const known = [...names.keys()].join(', ');
  if (names.size < 2) {
    throw refused(
      caller,
      `was given ${names.size === 0 ? 'no case' : `one case, ${known}`}, and a switch has at least two`,
      'Add a case, or go to the step without a condition.',
    );
  }
  const { condition } = options;
  if (typeof condition !== 'string' && typeof condition !== 'number' && typeof condition !== 'boolean') {
    throw refused(
      caller,
      `was given ${condition === null ? 'null' : typeof condition} for a condition`,
      `Give it a string, a number or a boolean that is one of the cases: ${known}.`,
    );
  }
  const taken = String(condition);
  const name = names.get(taken);
  if (name !== undefined) return { kind: 'switch', steps: [name], case: taken };
  throw new RangeError(
    `The condition in step ${caller.step} of ${caller.flowName} is ${JSON.stringify(shortened(taken))}, for which there is no case\n` +
      `Add one; the cases are: ${known}.`,
  );
}

function stepName(step: unknown, caller: Caller): string {
  const name = step instanceof DefinedStep ? caller.nameOf(step) : undefined;
  if (name !== undefined) return name;
  const known = [...caller.steps.keys()].join(', ');
  throw refused(
    caller,
    'was given what is no step of the flow',
    `Write it as this.next(this.<step>); the steps are: ${known}.`,
  );
}

function refuseOthers(options: Readonly<Record<string, unknown>>, known: readonly string[], caller: Caller): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw refused(caller, `was given an option ${unknown}, which there is not beside ${known.join(', ')}`, FORMS);
}

function refused({ step, flowName }: Caller, what: string, advice: string): TypeError {
  return new TypeError(`this.next() in step ${step} of ${flowName} ${what}\n${advice}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return value !== undefined && value !== null && typeof (value as Iterable<unknown>)[Symbol.iterator] === 'function';
}

/** A value may be megabytes; an error is for people. */
function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 80)}…`;
}
