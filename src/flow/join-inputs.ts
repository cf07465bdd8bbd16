import type { Inputs, JoinInput } from './inputs.ts';

/** What the views of a join's inputs share. */
export interface JoinSetting {
  /** What the class itself gives: getters and methods. */
  readonly prototype: object;
  /** The run's parameters, the same for every input. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly onParameterRead: (name: string) => void;
}

/** What the body of a join gets. */
export function joinInputs(inputs: readonly JoinInput[], setting: JoinSetting): Inputs<object> {
  const views = inputs.map((input) => new Proxy(Object.create(setting.prototype) as object, new View(input, setting)));
  const get = (stepName: string): object => {
    const [index, another] = inputs.flatMap(({ step }, position) => (step === stepName ? [position] : []));
    const view = index === undefined ? undefined : views[index];
    if (view !== undefined && another === undefined) return view;
    const steps = [...new Set(inputs.map(({ step }) => step))].join(', ');
    throw new RangeError(
      view === undefined
        ? `No input of the join is of step ${stepName}\n${steps === '' ? 'It has no inputs.' : `The branches are: ${steps}.`}`
        : `Several inputs of the join are of step ${stepName}\nIterate over the inputs, or take one by its position: inputs[0].`,
    );
  };
  return Object.freeze(Object.defineProperty(views, 'get', { value: get })) as unknown as Inputs<object>;
}

/** The flow as one task left it: the handler of a Proxy, since there may be thousands that nobody looks at. */
class View implements ProxyHandler<object> {
  readonly #input: JoinInput;
  readonly #setting: JoinSetting;
  #isFilled = false;

  constructor(input: JoinInput, setting: JoinSetting) {
    this.#input = input;
    this.#setting = setting;
  }

  get(target: object, key: PropertyKey, receiver: unknown): unknown {
    return Reflect.get(this.#filled(target), key, receiver);
  }

  has(target: object, key: PropertyKey): boolean {
    return Reflect.has(this.#filled(target), key);
  }

  ownKeys(target: object): (string | symbol)[] {
    return Reflect.ownKeys(this.#filled(target));
  }

  getOwnPropertyDescriptor(target: object, key: PropertyKey): PropertyDescriptor | undefined {
    return Reflect.getOwnPropertyDescriptor(this.#filled(target), key);
  }

  set(_target: object, key: PropertyKey): never {
    return this.#refuse(key, 'assigned');
  }

  defineProperty(_target: object, key: PropertyKey): never {
    return this.#refuse(key, 'assigned');
  }

  deleteProperty(_target: object, key: PropertyKey): never {
    return this.#refuse(key, 'deleted');
  }

  #filled(target: object): object {
    if (this.#isFilled) return target;
    this.#isFilled = true;
    const { parameters, onParameterRead } = this.#setting;
    for (const [name, value] of Object.entries(parameters)) {
      const get = (): unknown => {
        onParameterRead(name);
        return value;
      };
      Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
    }
    for (const name of this.#input.names) {
      if (Object.hasOwn(parameters, name)) continue;
      const get = (): unknown => {
        const value = this.#input.load(name);
        Object.defineProperty(target, name, { value, enumerable: true, configurable: true });
        return value;
      };
      Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
    }
    return target;
  }

  #refuse(key: PropertyKey, verb: 'assigned' | 'deleted'): never {
    const name = String(key);
    throw new TypeError(
      `${name} of a join's input cannot be ${verb}: what the branches left is there to be read\n` +
        `Keep the value in the flow itself, as in this.${name} = …`,
    );
  }
}
