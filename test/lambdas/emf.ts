/** A figure as CloudWatch takes it from a line of a function's log: of values of one line the sum, or a level's highest. */
export interface Figure {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The lines of a function's log in the embedded metric format, as far as they are read. */
interface Line {
  readonly _aws?: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

/** What a run writes to its standard output, which is where a function's log comes from. */
export async function heard(run: () => Promise<unknown>): Promise<string> {
  const said: string[] = [];
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation(text => said.push(String(text)) > 0);
  try {
    await run();
  } finally {
    spy.mockRestore();
  }
  return said.join('');
}

/**
 * The figures of a log, as CloudWatch makes them: each metric of a line under each of its sets of dimensions.
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function figuresOf(log: string): Figure[] {
  const lines = log.split('\n').filter(line => line.startsWith('{"_aws"'));
  return lines.map(line => JSON.parse(line) as Line).flatMap(figuresOfLine);
}

function figuresOfLine(line: Line): Figure[] {
  return (line._aws?.CloudWatchMetrics ?? []).flatMap(({ Namespace: namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap(names =>
      Metrics.map(({ Name: name, Unit }) => {
        const values = [line[name] as number | number[]].flat();
        const value = Unit === 'Count' ? values.reduce((sum, one) => sum + one, 0) : Math.max(...values);
        const dimensions = Object.fromEntries(names.map(of => [of, line[of] as string]));
        return { namespace, name, dimensions, value };
      }),
    ),
  );
}
