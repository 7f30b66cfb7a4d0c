import type { ResolvedLake, ResolvedSource } from './resolved';

type KinesisSource = Extract<ResolvedSource, { kind: 'kinesis' }>;

/** What streams of the lake's keep unless the config says otherwise: Kinesis's own day is less than a weekend. */
export const RETENTION_DAYS = 7;

/** What is known of the stream of a source. */
export type StreamSource = Pick<KinesisSource, 'streamArn' | 'streamKmsKeyArn' | 'shards' | 'retentionDays'>;

/** Sources that have a stream, by their names: those of kind kinesis, and http sources that name none. */
export function streamSources({ sources }: Pick<ResolvedLake, 'sources'>): [string, StreamSource][] {
  return Object.entries(sources).flatMap(([name, source]): [string, StreamSource][] => {
    if (source.kind === 'kinesis') return [[name, source]];
    return source.kind === 'http' && source.stream === undefined ? [[name, {}]] : [];
  });
}

export type HttpSource = Extract<ResolvedSource, { kind: 'http' }>;

export function httpSources({ sources }: Pick<ResolvedLake, 'sources'>): [string, HttpSource][] {
  return Object.entries(sources).flatMap(([name, source]): [string, HttpSource][] =>
    source.kind === 'http' ? [[name, source]] : [],
  );
}

/** The source whose stream keeps the events of an http source. */
export const streamNameOf = (name: string, { stream }: HttpSource) => stream ?? name;
