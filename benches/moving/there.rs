//! The database to import from, as years of use would leave it: three entries of history and two
//! records of statistics for each image, ten members for each group, permissions for half of the
//! folders, and portfolios of twenty pictures.

use postgres::{Client, NoTls};

use crate::support::qis::TABLES;

/// How much there is.
#[derive(Clone, Copy)]
pub struct Size {
    pub images: usize,
    pub folders: usize,
    pub users: usize,
}

/// Makes it in an empty database.
pub fn make(url: &str, size: Size) {
    let Size { images, folders, users } = size;
    let (groups, folios) = (users / 10, users / 2);
    let sql = format!(
        "
INSERT INTO users SELECT n, 'First ' || n, 'Last', 'user' || n || '@example.com', 'user-' || n,
    'sha1$salt$' || encode(sha256(n::text::bytea), 'hex'), 1, n % 2 = 0, 1
    FROM generate_series(1, {users}) n;
INSERT INTO groups VALUES (1, 'Public', '', 1), (2, 'Normal users', '', 1),
    (3, 'Administrators', '', 1);
INSERT INTO groups SELECT n + 3, 'Group ' || n, '', 2 FROM generate_series(1, {groups}) n;
INSERT INTO usergroups VALUES (1, 3);
INSERT INTO usergroups SELECT n, n % {groups} + 4 FROM generate_series(1, {users}) n;
INSERT INTO usergroups SELECT n, 2 FROM generate_series(1, {users}) n;
INSERT INTO syspermissions SELECT id, id < 10, false, id = 3, id = 3, id = 3, id = 3, id = 3 FROM groups;
INSERT INTO folders VALUES (1, '', '/', NULL, 1);
INSERT INTO folders SELECT n + 1, 'folder-' || n,
    CASE WHEN n <= 50 THEN '/folder-' || n ELSE '/folder-' || (n % 50 + 1) || '/folder-' || n END,
    CASE WHEN n <= 50 THEN 1 ELSE n % 50 + 2 END, 1
    FROM generate_series(1, {folders} - 1) n;
INSERT INTO folderpermissions (folder_id, group_id, access)
    SELECT id, id % {groups} + 4, (id % 8) * 10 FROM folders WHERE id % 2 = 0;
INSERT INTO folderpermissions (folder_id, group_id, access) VALUES (1, 1, 10);
INSERT INTO images SELECT n, substr(f.path, 2) || '/picture ' || n || '.jpg', f.id,
    CASE WHEN n % 3 = 0 THEN 'A title of picture ' || n ELSE '' END,
    CASE WHEN n % 10 = 0 THEN repeat('Some words about it. ', 10) ELSE '' END,
    1000 + n % 3000, 800 + n % 2000, 1
    FROM generate_series(1, {images}) n JOIN folders f ON f.id = n % ({folders} - 1) + 2;
INSERT INTO imagesaudit (image_id, user_id, action, action_info, action_time)
    SELECT n, n % {users} + 1, a, 'entry', TIMESTAMP '2020-01-01' + (n + a) * INTERVAL '1 minute'
    FROM generate_series(1, {images}) n, unnest(ARRAY[1, 3, 4]) a;
INSERT INTO imagestats (image_id, requests, views, cached_views, downloads, total_bytes,
    request_seconds, max_request_seconds, from_time, to_time)
    SELECT n, 5, 4, 3, 0, 100000, 0.5, 0.25, TIMESTAMP '2024-01-01' + h * INTERVAL '1 hour',
    TIMESTAMP '2024-01-01' + (h + 1) * INTERVAL '1 hour'
    FROM generate_series(1, {images}) n, generate_series(1, 2) h;
INSERT INTO systemstats (requests, views, cached_views, downloads, total_bytes, request_seconds,
    max_request_seconds, cpu_pc, memory_pc, cache_pc, from_time, to_time)
    SELECT 500, 400, 300, 2, 10000000, 2.5, 0.5, 12.5, 50, 30,
    TIMESTAMP '2024-01-01' + h * INTERVAL '1 hour', TIMESTAMP '2024-01-01' + (h + 1) * INTERVAL '1 hour'
    FROM generate_series(1, 8760) h;
INSERT INTO imagetemplates SELECT n, 'Template ' || n, '', '{{\"width\": {{\"value\": 400}}}}'
    FROM generate_series(1, 20) n;
INSERT INTO folios SELECT n, 'folio-' || n, 'Portfolio ' || n, '', n % {users} + 1, TIMESTAMP '2024-01-01'
    FROM generate_series(1, {folios}) n;
INSERT INTO folioimages (folio_id, image_id, parameters, filename, order_num)
    SELECT n, (n * 31 + i) % {images} + 1, '{{}}', '', i
    FROM generate_series(1, {folios}) n, generate_series(1, 20) i;
INSERT INTO foliopermissions (folio_id, group_id, access)
    SELECT n, 2, 20 FROM generate_series(1, {folios}) n;
INSERT INTO properties VALUES ('db_migration_version', '12');
ANALYZE;
"
    );
    let mut client = Client::connect(url, NoTls).expect("PostgreSQL answers");
    client.batch_execute(TABLES).unwrap();
    client.batch_execute(&sql).unwrap();
}
