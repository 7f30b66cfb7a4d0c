import type { DeclaredColumn } from './format';

/** Other names under which sources bring a column, by the lake's name; each column is declared. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/**
 * Which column a source means by a name: one of which it is another name, else the declared column of that name, else the
 * only one that differs in case alone.
 */
export class ColumnNames {
  private readonly exact = new Map<string, DeclaredColumn>();
  private readonly alike = new Map<string, DeclaredColumn | undefined>();

  constructor(columns: readonly DeclaredColumn[], aliases: Aliases = {}) {
    for (const column of columns) this.add(column.name, column);
    for (const column of columns)
      for (const name of Object.hasOwn(aliases, column.name) ? aliases[column.name]! : [])
        this.add(name, column);
  }

  find(name: string): DeclaredColumn | undefined {
    return this.exact.get(name) ?? this.alike.get(name.toLowerCase());
  }

  private add(name: string, column: DeclaredColumn): void {
    this.exact.set(name, column);
    const lower = name.toLowerCase();
    const other = this.alike.has(lower) && this.alike.get(lower) !== column;
    this.alike.set(lower, other ? undefined : column);
  }
}
