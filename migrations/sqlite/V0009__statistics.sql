-- What was used on each host: by each worker, and by the whole machine (worker -1). The sums of bytes
-- are over all samples, so that divided by them they are means.
CREATE TABLE host_stats (
    host TEXT NOT NULL,
    worker BIGINT NOT NULL,
    from_ms BIGINT NOT NULL,
    to_ms BIGINT NOT NULL,
    samples BIGINT NOT NULL,
    -- Processor time that was used, and that there was.
    cpu_us BIGINT NOT NULL,
    span_us BIGINT NOT NULL,
    memory_byte_sum BIGINT NOT NULL,
    max_memory_bytes BIGINT NOT NULL,
    memory_limit_bytes BIGINT NOT NULL,
    memory_hits BIGINT NOT NULL,
    shared_hits BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    cache_faults BIGINT NOT NULL,
    -- Of a worker: its own memory tier; of the machine: the tier that processes share.
    cache_byte_sum BIGINT NOT NULL,
    cache_limit_bytes BIGINT NOT NULL,
    PRIMARY KEY (host, worker, from_ms)
);
CREATE INDEX host_stats_by_time ON host_stats (from_ms);

-- How far the log of a front server has been read; changed together with the numbers that come of it.
CREATE TABLE stats_logs (
    -- Host and path.
    log TEXT NOT NULL PRIMARY KEY,
    -- Tells the file from those that were rotated away: a hash of its first line.
    file_mark TEXT NOT NULL,
    offset_bytes BIGINT NOT NULL,
    read_ms BIGINT NOT NULL
);
