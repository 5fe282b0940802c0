/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long it takes until all members of a host are back after its restart: real sessions over TLS, all behind one
 * address, each with a key that was let in before, against the real host with its default limits.
 * Usage: tests/bench/return [MEMBERS]. */
#include "app/link.h"
#include "base/clock.h"
#include "base/errors.h"
#include "client/session.h"
#include "net/loop.h"
#include "net/resolve.h"
#include "trust/identity.h"
#include "trust/trust.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { AT_ONCE = 32, PATIENCE = 120, PROVEN = 11 /* seconds after which a session forgets that it had to try often */ };

struct crowd;

struct member {
	struct crowd *crowd;
	struct trust_identity *identity;
	struct session *session;
	struct link *link;
	double in_at; /* since when its room is ready; 0: it is not */
	unsigned tries;
};

struct crowd {
	struct loop *loop;
	struct resolver *resolver;
	struct member *members;
	size_t count, in;
	uint8_t token[TRUST_TOKEN_SIZE];
	char port[8], path[256], folder[64];
	pid_t host;
	bool invited;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* On the port that it had before, if there was one; the first line of the log that names its own socket tells the rest. */
static void start(struct crowd *crowd)
{
	int said[2];
	char line[512] = "", address[32], data[80];
	snprintf(address, sizeof address, "--host=127.0.0.1:%s", crowd->port[0] == '\0' ? "0" : crowd->port);
	snprintf(data, sizeof data, "--data=%s/data", crowd->folder);
	if (pipe(said) != 0)
		fail("pipe");
	crowd->host = fork();
	if (crowd->host == 0) {
		dup2(said[1], 2);
		close(said[0]);
		if (freopen("/dev/null", "w", stdout) == NULL)
			fail("/dev/null");
		execl("src/tchat", "tchat", "--headless", address, data, "--access=invite", (char *)NULL);
		fail("src/tchat");
	}
	close(said[1]);
	FILE *lines = fdopen(said[0], "r");
	bool is_open = false;
	while (!is_open && fgets(line, sizeof line, lines) != NULL) {
		sscanf(line, "%*[^1]127.0.0.1:%7[0-9]", crowd->port);
		is_open = sscanf(line, "%*[^:]: %*s unix:%255[^\n]", crowd->path) == 1 ||
		          sscanf(line, "%*[^:]:%*[^:]unix:%255[^\n]", crowd->path) == 1;
	}
	if (!is_open) {
		fprintf(stderr, "the host did not start: %s\n", line);
		exit(1);
	}
	/* The log goes nowhere from here on: the host counts what it could not say. */
}

static void stop(struct crowd *crowd)
{
	int status;
	kill(crowd->host, SIGTERM);
	waitpid(crowd->host, &status, 0);
}

/* --- Members */

static int any_host(void *arg, const struct trust_pin *pin, const struct trust_pin *former)
{
	return arg == NULL && pin != NULL && former == NULL ? 0 : TCHAT_ERR_TLS;
}

static void on_event(void *arg, const struct session_event *event)
{
	struct member *member = arg;
	struct crowd *crowd = member->crowd;
	if (event->type == SESSION_ROOM_READY && member->in_at == 0) {
		member->in_at = now();
		crowd->in++;
	} else if (event->type == SESSION_DISCONNECTED) {
		crowd->in -= member->in_at != 0;
		member->in_at = 0;
		member->tries++;
		if (event->final)
			fprintf(stderr, "a member is not let in any more: %s\n", tchat_err_text(event->code));
	} else if (event->type == SESSION_DONE && event->request == REQUEST_INVITE) {
		crowd->invited = true;
	} else if (event->type == SESSION_CONNECTED && event->role == ROLE_OWNER) {
		uint8_t public[TRUST_PUBLIC_SIZE];
		if (trust_token_public(crowd->token, public) != 0 ||
		    session_invite(member->session, INVITE_HOST, (uint32_t)crowd->count, 0, NULL, public) != 0)
			fail("invite");
	}
}

static void enter(struct crowd *crowd, struct member *member, const char *path)
{
	const struct session_config config = { .environment = &environment_system,
		                               .token = path == NULL ? crowd->token : NULL };
	member->crowd = crowd;
	member->session = session_new(&config);
	if (member->session == NULL || (path == NULL && session_join(member->session, "lobby") <= 0))
		fail("session");
	const struct link_config link = {
		.loop = crowd->loop, .resolver = crowd->resolver, .session = member->session,
		.target = { .node = "127.0.0.1", .service = crowd->port, .path = path },
		.identity = member->identity, .check = any_host, .event = on_event, .arg = member,
	};
	member->link = link_new(&link);
	if (member->link == NULL)
		fail("link");
}

static void leave(struct member *member)
{
	link_free(member->link);
	session_free(member->session);
	trust_identity_free(member->identity);
}

static void round_of(struct crowd *crowd, double end)
{
	if (loop_run_once(crowd->loop, TCHAT_SECONDS(1)) != 0)
		fail("loop");
	if (now() > end) {
		fprintf(stderr, "%zu of %zu members are in after %d s\n", crowd->in, crowd->count, PATIENCE);
		exit(1);
	}
}

/* The account that runs the host makes an invitation for all of them. */
static void invite(struct crowd *crowd)
{
	char path[96], file[] = "user.pem";
	struct member owner = { 0 };
	snprintf(path, sizeof path, "%s/tchat/%s", crowd->folder, file);
	if (trust_identity_open(path, &owner.identity) != 0 || trust_token_new(crowd->token) != 0)
		fail("user.pem");
	enter(crowd, &owner, crowd->path);
	while (!crowd->invited)
		round_of(crowd, now() + PATIENCE);
	leave(&owner);
}

static void enter_all(struct crowd *crowd)
{
	double end = now() + PATIENCE;
	for (size_t begun = 0; crowd->in < crowd->count; round_of(crowd, end))
		while (begun < crowd->count && begun - crowd->in < AT_ONCE) {
			crowd->members[begun].identity = trust_identity_new();
			if (crowd->members[begun].identity == NULL)
				fail("key");
			enter(crowd, &crowd->members[begun++], NULL);
		}
}

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void come_back(struct crowd *crowd)
{
	double *times = calloc(crowd->count, sizeof *times);
	unsigned tries = 0;
	if (times == NULL)
		fail("memory");
	for (size_t i = 0; i < crowd->count; i++)
		crowd->members[i].tries = 0;
	stop(crowd);
	double stopped = now();
	start(crowd);
	double started = now();
	/* What they have seen of the end is theirs to find out. */
	for (size_t i = 0; i < crowd->count; i++) {
		crowd->in -= crowd->members[i].in_at != 0;
		crowd->members[i].in_at = 0;
	}
	while (crowd->in < crowd->count)
		round_of(crowd, started + PATIENCE);
	for (size_t i = 0; i < crowd->count; i++) {
		times[i] = crowd->members[i].in_at - started;
		tries += crowd->members[i].tries;
	}
	qsort(times, crowd->count, sizeof *times, by_time);
	printf("%zu members, one address, host away for %.2f s; in again after %.2f s (half), %.2f s (99 %%), %.2f s (all); "
	       "%.1f connections each\n",
	       crowd->count, started - stopped, times[crowd->count / 2], times[crowd->count * 99 / 100],
	       times[crowd->count - 1], (double)tries / (double)crowd->count);
	fflush(stdout);
	free(times);
}

int main(int argc, char **argv)
{
	struct crowd crowd = { .count = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000, .folder = "/tmp/tchat-return-XXXXXX" };
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (mkdtemp(crowd.folder) == NULL)
		fail("folder");
	setenv("XDG_DATA_HOME", crowd.folder, 1);
	setenv("XDG_STATE_HOME", crowd.folder, 1);
	setenv("XDG_RUNTIME_DIR", crowd.folder, 1);
	signal(SIGPIPE, SIG_IGN);
	crowd.loop = loop_new(0);
	crowd.resolver = crowd.loop == NULL ? NULL : resolver_new(crowd.loop, -1);
	crowd.members = calloc(crowd.count, sizeof *crowd.members);
	if (crowd.resolver == NULL || crowd.members == NULL)
		fail("memory");
	start(&crowd);
	invite(&crowd);
	enter_all(&crowd);
	for (int i = 0; i < 3; i++) {
		for (double end = now() + PROVEN; now() < end;)
			round_of(&crowd, end + PATIENCE);
		come_back(&crowd);
	}
	for (size_t i = 0; i < crowd.count; i++)
		leave(&crowd.members[i]);
	stop(&crowd);
	resolver_free(crowd.resolver);
	loop_free(crowd.loop);
	free(crowd.members);
	return 0;
}
