import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Lake } from 'tidemark/cdk';
import config from './tidemark.config';

const app = new App();
const stack = new Stack(app, 'Shop');
const lake = new Lake(stack, 'Lake', { config });

// Whoever may query: every table and report, and nothing else.
const analyst = new Role(stack, 'Analyst', { assumedBy: new ServicePrincipal('quicksight.amazonaws.com') });
lake.grantQuery(analyst);

app.synth();
