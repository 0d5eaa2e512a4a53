package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"

	"safehouse/internal/evidence"
)

// What SQLite and PostgreSQL spell differently is in this file and in pages.go, and
// nowhere else.

//go:embed migrations/*.sql
var migrations embed.FS

// openSQLite opens the file with encrypted pages. The address names which key,
// and never holds it: other parts could read it there.
func openSQLite(p *pages) (*bun.DB, error) {
	db, err := driver.Open(p.address(p.path, keyNow), func(c *sqlite3.Conn) error {
		if err := p.enter(); err != nil {
			return err
		}
		err := c.Exec(pragmas)
		if err != nil {
			p.leave()
		}
		return err
	}, func(*sqlite3.Conn) error { p.leave(); return nil })
	if err != nil {
		return nil, err
	}
	return bun.NewDB(db, sqlitedialect.New()), nil
}

// copySQLite copies what a connection sees to another file. Within a transaction that
// is the transaction's state.
func copySQLite(conn *sql.Conn, address string) error {
	return conn.Raw(func(c any) error { return c.(driver.Conn).Raw().Backup("main", address) })
}

// wipeSQLite writes the file anew and empties the log: ErrBusy while somebody reads
// from it.
func wipeSQLite(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "VACUUM"); err != nil {
		return err
	}
	return conn.Raw(func(c any) error {
		_, _, err := c.(driver.Conn).Raw().WALCheckpoint("main", sqlite3.CHECKPOINT_TRUNCATE)
		if errors.Is(err, sqlite3.BUSY) {
			return ErrBusy
		}
		return err
	})
}

const pragmas = `
	PRAGMA busy_timeout = 20000;
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = FULL;
	PRAGMA foreign_keys = ON;
	PRAGMA temp_store = MEMORY;
	PRAGMA secure_delete = ON;`

// migrate brings the schema to the newest version that this program knows.
func migrate(ctx context.Context, db *sql.DB) (err error) {
	defer func() {
		if errors.Is(err, sqlite3.ERROR) { // the migrations are right: what they found is not
			err = &evidence.Problem{Code: "database.damaged", Err: err}
		}
	}()
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir, goose.WithGoMigrations(
		goose.NewGoMigration(jobsMigration, &goose.GoFunc{RunDB: migrateJobs}, nil)))
	if err != nil {
		return err
	}
	current, newest, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if current > newest {
		return fmt.Errorf("schema %d, this program knows %d: %w", current, newest, ErrNewer)
	}
	_, err = p.Up(ctx)
	return err
}

// isDamage says whether the engine could not read its own file. Under another key
// every page looks like that too.
func isDamage(err error) bool {
	return errors.Is(err, sqlite3.CORRUPT) || errors.Is(err, sqlite3.NOTADB) || errors.Is(err, sqlite3.IOERR_SHORT_READ)
}

// pageFaults has the engine look at every page and every link of its file. It gives
// what is wrong in the engine's words, which are numbers of pages, names of
// tables, and of indexes.
func (v *View) pageFaults() ([]string, error) {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'
		UNION ALL SELECT "table" || ' ' || rowid || ' names what is not in ' || parent FROM pragma_foreign_key_check`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return faults, err
		}
		faults = append(faults, s)
	}
	return faults, rows.Err()
}

// sealedTables gives every table that has a sealed column, with its key: read from
// the schema, so that none is forgotten.
func (v *View) sealedTables() ([][2]string, error) {
	rows, err := v.tx.QueryContext(v.ctx, `SELECT name, (SELECT name FROM pragma_table_info(t.name) WHERE pk = 1)
		FROM sqlite_master AS t WHERE type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) WHERE name = 'sealed')
		ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tables [][2]string
	for rows.Next() {
		var t [2]string
		if err := rows.Scan(&t[0], &t[1]); err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, rows.Err()
}
