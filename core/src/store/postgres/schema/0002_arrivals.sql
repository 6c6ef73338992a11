-- Updates as their platform posted them to any instance, until the one that receives for the channel has dealt with them.
CREATE TABLE arrivals (
    channel  text NOT NULL,
    position bigint NOT NULL, -- in the channel's order
    form     smallint NOT NULL,
    body     bytea NOT NULL,
    PRIMARY KEY (channel, position)
);
