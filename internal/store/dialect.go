package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
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

const pragmas = `
	PRAGMA busy_timeout = 20000;
	PRAGMA journal_mode = WAL;
	PRAGMA synchronous = FULL;
	PRAGMA foreign_keys = ON;
	PRAGMA temp_store = MEMORY;
	PRAGMA secure_delete = ON;`

// migrate brings the schema to the newest version that this program knows.
func migrate(ctx context.Context, db *sql.DB) error {
	dir, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, dir)
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
