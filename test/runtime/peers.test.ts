import { checkPeers } from '../../lib/runtime/deploy/peers';

const without =
  (...missing: string[]) =>
  (module: string) => {
    if (missing.some(name => module.startsWith(`${name}/`)))
      throw new Error(`Cannot find module '${module}'`);
    return module;
  };

test('peers.missing: what is to be installed, in one line', () => {
  expect(() => checkPeers(without('aws-cdk-lib', 'constructs'))).toThrow(
    /^\[TM_8026\] .* not installed: aws-cdk-lib, constructs · .*npm install aws-cdk-lib constructs/,
  );
  expect(() => checkPeers(without('constructs'))).toThrow(/^\[TM_8026\] .* not installed: constructs · /);
});

test('peers.there: those of this clone are found', () => {
  expect(() => checkPeers(require.resolve)).not.toThrow();
});
