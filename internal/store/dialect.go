package store

import (
	"context"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/vfs/adiantum" // registers the encrypting file system under its name
	"github.com/pressly/goose/v3"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
)

// What SQLite and PostgreSQL spell differently is in this file and nowhere else.

//go:embed migrations/*.sql
var migrations embed.FS

// openSQLite opens the file with encrypted pages. The key goes in by a PRAGMA on
// each connection, never in the address, which other parts could read.
func openSQLite(path string, pages [32]byte) (*bun.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	address := (&url.URL{Scheme: "file", Path: abs, RawQuery: "vfs=adiantum&_txlock=immediate"}).String()
	db, err := driver.Open(address, func(c *sqlite3.Conn) error {
		return c.Exec(`
			PRAGMA hexkey = '` + hex.EncodeToString(pages[:]) + `';
			PRAGMA busy_timeout = 20000;
			PRAGMA journal_mode = WAL;
			PRAGMA synchronous = FULL;
			PRAGMA foreign_keys = ON;
			PRAGMA temp_store = MEMORY;
			PRAGMA secure_delete = ON;`)
	})
	if err != nil {
		return nil, err
	}
	return bun.NewDB(db, sqlitedialect.New()), nil
}

// copyAddress is the one address that a key stands in: SQLite opens the copy itself
// and offers no other way. It lives as long as the copying does.
func copyAddress(path string, pages [32]byte) string {
	query := url.Values{"vfs": {"adiantum"}, "hexkey": {hex.EncodeToString(pages[:])}}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
}

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
