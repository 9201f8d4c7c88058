/* Threads that make rows of bytes. `arg` is the backlog; they end when it takes no more
 * and all of it is read. */
#pragma once

void *readers_of_reports(void *arg);
void *readers_of_mails(void *arg); /* which wait for DNS */
