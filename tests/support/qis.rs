//! The database of the server that this one succeeds, as its release 4 has it.

/// Its tables, as far as an import reads them.
pub const TABLES: &str = "
CREATE TABLE users (id SERIAL PRIMARY KEY, first_name VARCHAR(120), last_name VARCHAR(120),
    email VARCHAR(120), username VARCHAR(120), password VARCHAR(120), auth_type SMALLINT,
    allow_api BOOLEAN NOT NULL, status SMALLINT NOT NULL);
CREATE TABLE groups (id SERIAL PRIMARY KEY, name VARCHAR(120), description TEXT, group_type SMALLINT);
CREATE TABLE usergroups (user_id INTEGER, group_id INTEGER);
CREATE TABLE syspermissions (group_id INTEGER, folios BOOLEAN, reports BOOLEAN, admin_users BOOLEAN,
    admin_files BOOLEAN, admin_folios BOOLEAN, admin_permissions BOOLEAN, admin_all BOOLEAN);
CREATE TABLE folders (id SERIAL PRIMARY KEY, name VARCHAR(1024), path VARCHAR(1024),
    parent_id INTEGER, status SMALLINT NOT NULL);
CREATE TABLE folderpermissions (id SERIAL PRIMARY KEY, folder_id INTEGER, group_id INTEGER,
    access INTEGER);
CREATE TABLE images (id BIGSERIAL PRIMARY KEY, src VARCHAR(1024), folder_id INTEGER, title VARCHAR(255),
    description TEXT, width INTEGER, height INTEGER, status SMALLINT NOT NULL);
CREATE TABLE imagesaudit (id BIGSERIAL PRIMARY KEY, image_id BIGINT, user_id INTEGER, action SMALLINT,
    action_info TEXT, action_time TIMESTAMP);
CREATE TABLE imagetemplates (id SERIAL PRIMARY KEY, name VARCHAR(120), description TEXT, template JSON);
CREATE TABLE imagestats (id BIGSERIAL PRIMARY KEY, image_id BIGINT, requests BIGINT, views BIGINT,
    cached_views BIGINT, downloads BIGINT, total_bytes BIGINT, request_seconds FLOAT,
    max_request_seconds FLOAT, from_time TIMESTAMP, to_time TIMESTAMP);
CREATE TABLE systemstats (id BIGSERIAL PRIMARY KEY, requests BIGINT, views BIGINT,
    cached_views BIGINT, downloads BIGINT, total_bytes BIGINT, request_seconds FLOAT,
    max_request_seconds FLOAT, cpu_pc REAL, memory_pc FLOAT, cache_pc FLOAT,
    from_time TIMESTAMP, to_time TIMESTAMP);
CREATE TABLE folios (id BIGSERIAL PRIMARY KEY, human_id VARCHAR(64), name VARCHAR(255),
    description TEXT, owner_id INTEGER, last_updated TIMESTAMP);
CREATE TABLE folioimages (id BIGSERIAL PRIMARY KEY, folio_id BIGINT, image_id BIGINT,
    parameters JSON, filename VARCHAR(255), order_num INTEGER);
CREATE TABLE foliopermissions (id BIGSERIAL PRIMARY KEY, folio_id BIGINT, group_id INTEGER,
    access INTEGER);
CREATE TABLE foliosaudit (id BIGSERIAL PRIMARY KEY, folio_id BIGINT, user_id INTEGER, action SMALLINT,
    action_info TEXT, action_time TIMESTAMP);
CREATE TABLE folioexports (id BIGSERIAL PRIMARY KEY, folio_id BIGINT, description TEXT,
    originals BOOLEAN, parameters JSON, task_id BIGINT, filename VARCHAR(255), filesize BIGINT,
    created TIMESTAMP, keep_until TIMESTAMP);
CREATE TABLE properties (key VARCHAR(64) PRIMARY KEY, value TEXT);
";
