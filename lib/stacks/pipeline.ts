import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Pipeline, type PipelineProps } from '../constructs/pipeline/pipeline';

/** `<lake>-pipeline`: what turns files and records into tables and reports. */
export class PipelineStack extends Stack {
  readonly pipeline: Pipeline;

  constructor(scope: Construct, id: string, props: PipelineProps & StackProps) {
    super(scope, id, props);
    this.pipeline = new Pipeline(this, 'Pipeline', props);
  }
}
