/* Threads that make rows of bytes. What is cheap to read and what is dear have threads of
 * their own: each delivery is first read up to READERS_MAX_CHEAP_BYTES, and what inflates
 * to more is left to those that may take long, so that they never keep all others
 * waiting. `arg` is the backlog; they end when it takes no more and all of it is read. */
#pragma once

enum {
    READERS_MAX_CHEAP_BYTES = 1 << 20, /* inflated, of one delivery */
};

void *readers_of_reports(void *arg);
void *readers_of_mails(void *arg); /* which wait for DNS */
void *readers_of_dear(void *arg);  /* both; after the two above */
