import type { Deployed } from '../deployer/deploy';
import { ofType, type Resource } from '../deployer/resource';
import type { Fleet } from './fleet';

/** EventBridge: rules that a clock sets off, and rules that an event does. */
export interface Rules {
  /** Sets off a scheduled rule by the name of its construct, such as EveryMinute. */
  tick(name: string): Promise<void>;
  /** Hands an event to whatever rules it fits; true if any does. */
  emit(event: object): Promise<boolean>;
}

interface Target {
  readonly Arn: string;
  readonly Input?: string;
}

/** A rule's target is invoked asynchronously: Lambda tries such an event three times. */
const TRIES = 3;

export function rules({ resources }: Deployed, fleet: Fleet): Rules {
  const all = ofType(resources, 'AWS::Events::Rule').filter(
    ({ properties }) => properties.State === 'ENABLED',
  );
  const setOff = async (rule: Resource, event: object) => {
    for (const { Arn, Input } of (rule.properties.Targets ?? []) as Target[]) {
      checkPermission(resources, rule, Arn);
      const { name } = fleet.byArn(Arn);
      const handed: unknown = Input === undefined ? event : JSON.parse(Input);
      for (let i = 0; i < TRIES; i++) {
        if ((await fleet.invoke(name, handed)).ok) break;
      }
    }
  };
  return {
    async tick(name) {
      const rule = all.find(({ path }) => path.split('/').at(-2) === name);
      if (!rule?.properties.ScheduleExpression) throw new Error(`no schedule ${name}`);
      await setOff(rule, {});
    },
    async emit(event) {
      const fitting = all.filter(
        ({ properties }) => properties.EventPattern && fits(properties.EventPattern as Pattern, event),
      );
      for (const rule of fitting) await setOff(rule, event);
      return fitting.length > 0;
    },
  };
}

/** EventBridge may invoke a function only where the function says so. */
function checkPermission(resources: readonly Resource[], rule: Resource, target: string): void {
  const permitted = ofType(resources, 'AWS::Lambda::Permission').some(
    ({ properties: p }) =>
      p.Principal === 'events.amazonaws.com' &&
      p.FunctionName === target &&
      p.SourceArn === rule.attributes.Arn,
  );
  if (!permitted) throw new Error(`${rule.id} may not invoke ${target}`);
}

/** A leaf lists the values of which one has to be there. */
interface Pattern {
  readonly [name: string]: Pattern | readonly unknown[];
}

function fits(pattern: Pattern, event: object): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const value: unknown = Reflect.get(event, name);
    if (Array.isArray(wanted)) return wanted.includes(value);
    return typeof value === 'object' && value !== null && fits(wanted as Pattern, value);
  });
}
