-- The latest batch of each process that writes, committed with it: so it can be told afterwards whether one was whose answer
-- was lost.
CREATE TABLE writers (
    id    uuid PRIMARY KEY,
    batch bigint NOT NULL,
    at    timestamptz NOT NULL
);
