import { inspect } from 'node:util';
/**
 * An object whose every property loads the artifact of that name. Those who probe objects (a debugger, an assertion, an
 * `await`) read properties too, so a failed load is no unhandled rejection, and `then` is never there.
 */
export function lazyData(pathspec, load) {
    const label = `Data ${pathspec}`;
    const target = Object.freeze({ [inspect.custom]: () => label, [Symbol.toPrimitive]: () => label });
    const data = new Proxy(target, {
        get(_, name) {
            if (typeof name === 'symbol')
                return Reflect.get(target, name);
            if (name === 'then')
                return undefined;
            const value = load(name);
            value.catch(() => { });
            return value;
        },
    });
    return data;
}
