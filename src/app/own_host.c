/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forks the host, waits for its word on how the start went. */
#include "app/own_host.h"

#include "app/exit_status.h"
#include "app/service.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"
#include "system/detach.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The host's side of the fork. Never returns. */
static void serve(const struct options *options, struct stream *face, int report)
{
	detach((const int[]){ stream_fd(face), report }, 2);
	const struct service_config config = { options, face, report };
	_exit(service_run(&config));
}

/* A line of the host's report. Returns -1 to go on, else the start's exit status. */
static int heed(struct talk_place *place, char *line)
{
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "listening ", 10) == 0) {
		if (place->listening_count < TALK_ADDRESSES)
			place->listening[place->listening_count] = strdup(line + 10);
		if (place->listening_count < TALK_ADDRESSES && place->listening[place->listening_count] != NULL)
			place->listening_count++;
		return -1;
	}
	if (strncmp(line, "note ", 5) == 0) {
		free(place->note);
		place->note = strdup(line + 5);
		return -1;
	}
	if (strncmp(line, "key ", 4) == 0) {
		place->has_pin = trust_pin_read(&place->pin, line + 4);
		return -1;
	}
	if (strncmp(line, "invite ", 7) == 0) {
		place->has_token = trust_token_read(place->token, line + 7);
		return -1;
	}
	if (strncmp(line, "ready", 5) == 0)
		return 0;
	int status = EXIT_STATUS_SYSTEM, at = 0;
	if (sscanf(line, "failed %d %n", &status, &at) == 1)
		say("%s", line + at);
	return status;
}

/* Where the owner finds the host again: its own socket is reported last, another UNIX socket or TCP will do too. */
static void choose_way_back(struct talk_place *place)
{
	for (size_t i = place->listening_count; i > 0; i--)
		if (strncmp(place->listening[i - 1], "unix:", 5) == 0 &&
		    address_parse(&place->address, place->listening[i - 1], ADDRESS_JOIN) == 0)
			return;
	if (place->listening_count > 0)
		address_parse(&place->address, place->listening[0], ADDRESS_JOIN);
}

int own_host_start(const struct options *options, struct talk_place *place)
{
	struct stream *ends[2];
	int report[2];
	*place = (struct talk_place){ .owns_host = true };
	if (pipe(report) != 0 || stream_pair(ends) != 0) {
		say(_("cannot start the host: %s"), strerror(errno));
		return EXIT_STATUS_SYSTEM;
	}
	fflush(NULL);
	pid_t child = fork();
	if (child < 0) {
		say(_("cannot start the host: %s"), strerror(errno));
		return EXIT_STATUS_SYSTEM;
	}
	if (child == 0) {
		close(report[0]);
		stream_free(ends[0]);
		serve(options, ends[1], report[1]);
	}
	close(report[1]);
	stream_free(ends[1]);
	place->pair = ends[0];
	FILE *lines = fdopen(report[0], "r");
	char line[1024];
	int status = -1;
	if (lines != NULL)
		setvbuf(lines, NULL, _IONBF, 0); /* no copy of a secret stays behind */
	while (status < 0 && lines != NULL && fgets(line, sizeof line, lines) != NULL)
		status = heed(place, line);
	wipe(line, sizeof line);
	if (lines != NULL)
		fclose(lines);
	if (status < 0) {
		say(_("the host ended before it was ready"));
		status = EXIT_STATUS_SYSTEM;
	}
	if (status != 0) {
		stream_free(place->pair);
		waitpid(child, NULL, 0);
		return status;
	}
	choose_way_back(place);
	return 0;
}

void own_host_forget(struct talk_place *place)
{
	for (size_t i = 0; i < place->listening_count; i++)
		free(place->listening[i]);
	place->listening_count = 0;
	wipe(place->token, sizeof place->token);
	place->has_token = false;
	free(place->note);
	place->note = NULL;
}
