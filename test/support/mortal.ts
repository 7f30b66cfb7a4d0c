import type { LakePorts } from '../../lib/ports/lake-ports';

export class Killed extends Error {}

/** Ports of a process that dies at one of its calls: before it, or after its effect. Nothing that it does later counts. */
export function mortal(ports: LakePorts, diesAt: number, after: boolean): LakePorts {
  let calls = 0;
  const each = <P extends object>(port: P): P =>
    new Proxy(port, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function' || name === 'uri' || name === 'keyOf' || name === 'now')
          return member;
        return (...args: unknown[]) => {
          const call = ++calls;
          if (call > diesAt || (call === diesAt && !after)) throw new Killed();
          const answer = member.apply(target, args) as unknown;
          if (call < diesAt || !(answer instanceof Promise)) return answer;
          return answer.then(() => {
            throw new Killed();
          });
        };
      },
    });
  return { ...ports, store: each(ports.store), items: each(ports.items), catalog: each(ports.catalog) };
}
