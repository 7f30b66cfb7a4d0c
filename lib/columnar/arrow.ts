/** The boundary to apache-arrow, which nothing else imports: its builders are slow and lossy for some of our types. */
export { fromArrowIpc, fromArrowTable, fromArrowVector } from './arrow-decode';
export { arrowType, toArrowIpc } from './arrow-encode';
