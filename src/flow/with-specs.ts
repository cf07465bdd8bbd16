import { InvalidOptionError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { decoratorMakers, type DefinedDecorator } from './decorator.ts';

/**
 * The decorators that `--with name:key=value,…` asks for. Values are JSON, and otherwise text. Of several of one name the
 * last counts.
 *
 * @throws {InvalidOptionError} when there is no such decorator, or it does not take what it is given
 */
export function readWithSpecs(specs: readonly string[]): readonly DefinedDecorator[] {
  const byName = new Map<string, DefinedDecorator>();
  for (const spec of specs) {
    const decorator = readSpec(spec);
    byName.set(decorator.name, decorator);
  }
  return [...byName.values()];
}

function readSpec(spec: string): DefinedDecorator {
  const [, name = '', rest = ''] = /^([^:]*)(?::(.*))?$/s.exec(spec) ?? [];
  const make = decoratorMakers.get(name);
  if (make === undefined) {
    const names = [...decoratorMakers.keys()].toSorted();
    const near = nearest(name, names);
    throw new InvalidOptionError(
      { option: 'with', expected: names.join(', '), received: spec },
      `there is no decorator ${JSON.stringify(name)}`,
      `${near === undefined ? '' : `Did you mean ${near}? `}The decorators are ${names.join(', ')}.`,
    );
  }
  try {
    return make(readOptions(spec, rest));
  } catch (cause) {
    if (cause instanceof InvalidOptionError || !(cause instanceof Error)) throw cause;
    const [what = ''] = cause.message.split('\n');
    throw new InvalidOptionError(
      { option: 'with', received: spec },
      `--with=${spec} cannot be: ${what}`,
      'Write it as --with=name:key=value,key=value; values are JSON, and otherwise text.',
      { cause },
    );
  }
}

function readOptions(spec: string, text: string): Record<string, unknown> {
  const options: [name: string, value: unknown][] = [];
  for (const part of text === '' ? [] : splitAtCommas(text)) {
    const equals = part.indexOf('=');
    if (equals < 1) {
      throw new InvalidOptionError(
        { option: 'with', expected: 'key=value', received: spec },
        `--with=${spec} cannot be read: ${JSON.stringify(part)} is no key=value`,
        'Write it as --with=name:key=value,key=value.',
      );
    }
    options.push([part.slice(0, equals).trim(), readValue(part.slice(equals + 1))]);
  }
  return Object.fromEntries(options); // `__proto__` is a name like any other
}

/** At the commas that stand in no bracket and no string. */
function splitAtCommas(text: string): readonly string[] {
  const parts = text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/g) ?? [];
  const joined: string[] = [];
  let depth = 0;
  for (const part of parts) {
    if (depth > 0) joined.push(`${joined.pop() ?? ''},${part}`);
    else joined.push(part);
    const outside = part.replaceAll(/"(?:[^"\\]|\\.)*"/g, '');
    depth += (outside.match(/[[{]/g) ?? []).length - (outside.match(/[\]}]/g) ?? []).length;
  }
  return joined;
}

function readValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // then it is meant as text
  }
}
