import { relative } from 'node:path';
import { environmentVariable } from '../core/environment-variable.ts';
import { INTERNAL_SPIN_FLAGS, RESUME_FLAGS, RUN_FLAGS, SPIN_FLAGS, TOP_LEVEL_FLAGS, type Flag } from '../core/flags.ts';
import { nearest } from '../core/nearest.ts';
import type { FlowDefinition } from './definition.ts';
import { FlowSource } from './flow-source.ts';
import { FlowSpec } from './flow-spec.ts';
import type { Graph, GraphStep } from './graph.ts';
import type { NextCall } from './next-calls.ts';
import type { SourceLocation } from './source-location.ts';
import { readSplits } from './splits.ts';
import type { StaticTransition } from './transition.ts';

/** Something about a flow that would keep it from running as it is written. */
export interface Finding {
  /** What is wrong and what to do, in one line. */
  readonly message: string;
  readonly step?: string | undefined;
  readonly file?: string | undefined;
  /** From 1. */
  readonly line?: number | undefined;
}

/** `flows/slowflow.ts:12: Step start has no transition: …`, the file as seen from the working folder. */
export function formatFinding({ message, file, line }: Finding): string {
  if (file === undefined) return message;
  return `${relative(process.cwd(), file)}:${line}: ${message}`;
}

/** Everything that is wrong with a flow, as far as its definition and its source tell. */
export function lintFlow(definition: FlowDefinition, graph: Graph): readonly Finding[] {
  const lint = new Lint(definition, graph);
  const shape = [
    ...lint.decorators(),
    ...lint.startAndEnd(),
    ...lint.transitions(),
    ...lint.unreachable(),
    ...lint.cycles(),
  ];
  const names = [...lint.parameterNames(), ...lint.configNames(), ...lint.stepNames()];
  if (shape.length > 0) return [...names, ...shape]; // what splits and loops would say follows from that
  return [...names, ...lint.splits(), ...lint.endlessLoops()];
}

class Lint {
  readonly #definition: FlowDefinition;
  readonly #graph: Graph;
  readonly #source: FlowSource;

  constructor(definition: FlowDefinition, graph: Graph) {
    this.#definition = definition;
    this.#graph = graph;
    this.#source = new FlowSource(definition, graph);
  }

  *parameterNames(): Generator<Finding> {
    const options = optionNames();
    const steps = new Map([...this.#graph.steps.keys()].map((step) => [step.toLowerCase(), step]));
    const seen = new Map<string, string>();
    for (const name of this.#definition.parameters.keys()) {
      const variable = environmentVariable('run', name);
      const twin = seen.get(variable);
      const option = options.get(plain(name));
      const step = steps.get(name.toLowerCase());
      seen.set(variable, name);
      if (twin !== undefined) {
        yield this.#atParameter(
          name,
          `Parameters ${twin} and ${name} have one name in the environment, ${variable}: rename one.`,
        );
      }
      if (step !== undefined) {
        yield this.#atParameter(name, `Parameter ${name} is named like step ${step}: rename one of them.`);
      }
      if (option !== undefined) {
        yield this.#atParameter(name, `Parameter ${name} is named like the option --${option}: give it another name.`);
      } else if (name in FlowSpec.prototype) {
        yield this.#atParameter(name, `Parameter ${name} is named like a member of every flow: give it another name.`);
      } else if (!isName(name)) {
        yield this.#atParameter(name, `Parameter ${JSON.stringify(name)} is no name for an option: ${NAME_RULE}.`);
      }
    }
  }

  *configNames(): Generator<Finding> {
    for (const name of this.#definition.configs.keys()) {
      if (this.#graph.steps.has(name)) {
        yield this.#atParameter(name, `Config ${name} is named like a step: rename one of them.`);
      } else if (name in FlowSpec.prototype) {
        yield this.#atParameter(name, `Config ${name} is named like a member of every flow: give it another name.`);
      } else if (!isName(name)) {
        yield this.#atParameter(name, `Config ${JSON.stringify(name)} is no name for a config: ${NAME_RULE}.`);
      }
    }
  }

  *stepNames(): Generator<Finding> {
    for (const name of this.#graph.steps.keys()) {
      if (name in FlowSpec.prototype) {
        yield this.#atStep(name, `Step ${name} is named like a member of every flow: give it another name.`);
      } else if (!isName(name)) {
        yield this.#atStep(name, `Step ${JSON.stringify(name)} is no name for a step: ${NAME_RULE}.`);
      }
    }
  }

  *startAndEnd(): Generator<Finding> {
    for (const [name, does] of [
      ['start', 'begins with'],
      ['end', 'ends with'],
    ] as const) {
      if (this.#graph.steps.has(name)) continue;
      const message = `${this.#graph.flowName} has no step ${name}: name the step that the flow ${does} ${name}.`;
      yield { message, ...this.#source.flow() };
    }
  }

  *transitions(): Generator<Finding> {
    for (const step of this.#graph.steps.values()) {
      switch (step.source) {
        case 'bound':
          yield this.#atStep(
            step.name,
            `Step ${step.name} is a bound or built-in function, whose source cannot be read: ` +
              'give step() the function itself, an arrow function if it uses this.',
          );
          continue;
        case 'unreadable':
          yield this.#atStep(
            step.name,
            `Step ${step.name} has a source that cannot be read: give step() an arrow function that calls this.next() itself.`,
          );
          continue;
        case 'none':
        case 'read':
          yield* step.name === 'end' ? this.#theEnd(step) : this.#transition(step);
      }
    }
  }

  *#theEnd({ name, kind, calls: [call] }: GraphStep): Generator<Finding> {
    if (kind === 'join') {
      yield this.#atStep(
        name,
        'Step end is a join, which the end cannot be: put a join before it that goes on to end.',
      );
    }
    if (call === undefined) return;
    yield this.#atCall(name, call, 'Step end has a transition, but nothing follows the end: remove this.next().');
  }

  *#transition({ name, calls }: GraphStep): Generator<Finding> {
    const [first, second] = calls;
    if (first === undefined) {
      yield this.#atStep(
        name,
        `Step ${name} has no transition: let its own function call this.next(this.<step>), or name the step end if nothing follows.`,
      );
    }
    if (second !== undefined) {
      const lines = calls.flatMap(({ lineOffset }) => this.#source.inStep(name, lineOffset)?.line ?? []);
      const where = lines.length === 0 ? '' : ` (lines ${lines.join(', ')})`;
      yield this.#atCall(
        name,
        second,
        `Step ${name} has ${calls.length} transitions${where}: call this.next() in one place only, last.`,
      );
    }
    for (const call of calls) yield* this.#call(name, call);
  }

  *#call(name: string, call: NextCall): Generator<Finding> {
    if (call.kind === 'unknown') {
      const text = call.text.length <= 80 ? call.text : `${call.text.slice(0, 80)}…`;
      yield this.#atCall(
        name,
        call,
        `Step ${name} has a transition of a form that is not understood, ${text}: write it as ${FORMS}.`,
      );
      return;
    }
    const names = [...this.#graph.steps.keys()];
    for (const target of call.transition.steps) {
      if (this.#graph.steps.has(target)) continue;
      const near = nearest(target, names);
      const advice = near === undefined ? `make it one with ${target} = step(…)` : `did you mean ${near}?`;
      yield this.#atCall(name, call, `Step ${name} goes to ${target}, which is not a step: ${advice}`);
    }
    yield* this.#shape(name, { call, transition: call.transition });
  }

  *#shape(name: string, { call, transition }: { call: NextCall; transition: StaticTransition }): Generator<Finding> {
    const { kind, steps } = transition;
    const twice = steps.find((step, index) => steps.indexOf(step) !== index);
    if (twice !== undefined) {
      yield this.#atCall(
        name,
        call,
        `Step ${name} branches to ${twice} twice: name each branch once, or use a foreach for many tasks of one step.`,
      );
    }
    if (kind === 'switch' && Object.keys(transition.cases).length < 2) {
      yield this.#atCall(
        name,
        call,
        `Step ${name} has a switch of fewer than two cases: add a case, or go to the step without a condition.`,
      );
    }
    const join = kind === 'linear' ? undefined : steps.find((step) => this.#graph.steps.get(step)?.kind === 'join');
    if (join === undefined) return;
    const message = {
      branch: `Step ${name} branches straight to join ${join}: put a step between them.`,
      foreach: `Step ${name} has a foreach that leads straight to join ${join}: put a step between them, which gets the item.`,
      switch: `Step ${name} leads to join ${join} on a condition: let the case lead to a step that goes on to ${join}.`,
      linear: '',
    }[kind];
    yield this.#atCall(name, call, message);
  }

  *decorators(): Generator<Finding> {
    for (const { name, transition, decorators } of this.#graph.steps.values()) {
      const catching = decorators.find(({ policy }) => policy.catchError !== undefined);
      if (catching === undefined) continue;
      if (transition?.kind === 'switch') {
        yield this.#atStep(
          name,
          `Step ${name} chooses by a condition and has ${catching.name}(), but after an error nothing says where to go: catch the error in a step before it.`,
        );
      }
      const artifact = catching.policy.catchError?.artifact;
      if (artifact !== undefined && this.#isNoField(artifact)) {
        yield this.#atStep(
          name,
          `Step ${name} has ${catching.name}() with the artifact ${artifact}, which is ${this.#graph.steps.has(artifact) ? 'a step' : 'no field that can be assigned'}: name another field.`,
        );
      }
    }
  }

  #isNoField(name: string): boolean {
    const { parameters, configs, flowClass } = this.#definition;
    return parameters.has(name) || configs.has(name) || this.#graph.steps.has(name) || name in flowClass.prototype;
  }

  *unreachable(): Generator<Finding> {
    const { steps } = this.#graph;
    if (!steps.has('start')) return; // then nothing is reached, and that was said
    const reached = this.#reachedFrom('start');
    if ([...reached].some((name) => this.#hidesTargets(name))) return; // there is no telling
    const entered = new Set([...steps.keys()].flatMap((name) => this.#targets(name)));
    for (const name of steps.keys()) {
      if (reached.has(name) || entered.has(name)) continue;
      const followers = [...this.#reachedFrom(name)].filter((follower) => follower !== name && !reached.has(follower));
      const through = followers.length === 0 ? '' : `, nor, but through it, to ${followers.join(', ')}`;
      yield this.#atStep(
        name,
        `Step ${name} is unreachable, no step leads to it${through}: call this.next(this.${name}) in the step before it, or remove it.`,
      );
    }
  }

  /** Whether a step may lead to others that its source does not name. */
  #hidesTargets(name: string): boolean {
    const step = this.#graph.steps.get(name);
    if (step?.source === 'bound' || step?.source === 'unreadable') return true;
    return step?.calls.some((call) => call.kind === 'unknown' && call.mentions.length === 0) === true;
  }

  *splits(): Generator<Finding> {
    for (const { step, at, message } of readSplits(this.#graph.steps).problems) {
      const call = at === 'transition' ? this.#graph.steps.get(step)?.calls[0] : undefined;
      yield call === undefined ? this.#atStep(step, message) : this.#atCall(step, call, message);
    }
  }

  /** Switches that lead round for ever, whatever their conditions are. */
  *endlessLoops(): Generator<Finding> {
    for (const name of this.#reachedFrom('start')) {
      const call = this.#graph.steps.get(name)?.calls[0];
      const isSwitch = call?.kind === 'transition' && call.transition.kind === 'switch';
      if (!isSwitch || this.#reachedFrom(name).has('end')) continue;
      yield this.#atCall(
        name,
        call,
        `Step ${name} has no case that leads out of its loop: let one lead to a step from which end is reached.`,
      );
      return; // one is enough to find the loop by
    }
  }

  *cycles(): Generator<Finding> {
    const done = new Set<string>();
    for (const name of this.#graph.steps.keys()) yield* this.#cyclesFrom(name, [], done);
  }

  *#cyclesFrom(name: string, path: readonly string[], done: Set<string>): Generator<Finding> {
    const before = path.indexOf(name);
    if (before !== -1) {
      const cycle = [...path.slice(before), name].join(' -> ');
      const last = path.at(-1) ?? name;
      const call = this.#graph.steps.get(last)?.calls.find((one) => targetsOf(one).includes(name));
      const message = `Steps go round in a cycle, ${cycle}: let step ${last} go on to another step, or back by a switch.`;
      yield call === undefined ? this.#atStep(last, message) : this.#atCall(last, call, message);
      return;
    }
    if (done.has(name)) return;
    if (this.#graph.steps.get(name)?.transition?.kind !== 'switch') {
      for (const target of this.#targets(name)) yield* this.#cyclesFrom(target, [...path, name], done);
    }
    done.add(name);
  }

  #reachedFrom(name: string): ReadonlySet<string> {
    const reached = new Set([name]);
    for (const step of reached) for (const target of this.#targets(step)) reached.add(target);
    return reached;
  }

  /** The steps that a step may lead to, also by a transition that is not understood. */
  #targets(name: string): readonly string[] {
    const { steps } = this.#graph;
    return (steps.get(name)?.calls ?? []).flatMap(targetsOf).filter((target) => steps.has(target));
  }

  #atParameter(name: string, message: string): Finding {
    return { message, ...this.#source.parameter(name) };
  }

  #atStep(step: string, message: string): Finding {
    return { message, step, ...this.#source.step(step) };
  }

  #atCall(step: string, { lineOffset }: NextCall, message: string): Finding {
    const location: SourceLocation | undefined = this.#source.inStep(step, lineOffset);
    return { message, step, ...location };
  }
}

const FORMS =
  'this.next(this.<step>), with more steps for branches, as this.next(this.<step>, { foreach: <items> }) ' +
  'or as this.next({ yes: this.<step>, no: this.<step> }, { condition: <value> })';

const NAME_RULE = 'use letters, digits and "_", and no digit first';

function isName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);
}

function targetsOf(call: NextCall): readonly string[] {
  switch (call.kind) {
    case 'transition':
      return call.transition.steps;
    case 'unknown':
      return call.mentions;
  }
}

/** The options of the protocol by every name they go by, in their plain form. */
function optionNames(): ReadonlyMap<string, string> {
  const names = new Map([['help', 'help']]);
  const tables: readonly Readonly<Record<string, Flag>>[] = [
    TOP_LEVEL_FLAGS,
    RESUME_FLAGS,
    RUN_FLAGS,
    SPIN_FLAGS,
    INTERNAL_SPIN_FLAGS,
  ];
  for (const table of tables) {
    for (const [name, { flag, kind }] of Object.entries(table)) {
      names.set(plain(name), flag);
      names.set(plain(flag), flag);
      if (kind === 'switch') names.set(plain(`no-${flag}`), `no-${flag}`);
    }
  }
  return names;
}

/** Without case, "-" and "_": environment variables know no other difference. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '');
}
