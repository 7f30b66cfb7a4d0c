import { isSlip } from '../../lib/config/nearest';

test.each([
  ['stauts', 'status'],
  [' status', 'status'],
  ['order_id', 'OrderID'],
  ['order id', 'order-id'],
  ['colour', 'color'],
  ['custmer_nam', 'customer_name'],
])('nearest.slip: %s may be meant for %s', (a, b) => {
  expect(isSlip(a, b)).toBe(true);
  expect(isSlip(b, a)).toBe(true);
});

test.each([
  ['a', 'b'],
  ['qty', 'amt'],
  ['name', 'date'],
  ['price', 'colour'],
  ['v', 'id'],
])('nearest.slip: %s is no slip of %s', (a, b) => expect(isSlip(a, b)).toBe(false));
