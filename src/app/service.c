/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The host's process: its loop carries listeners and connections, the hook at a round's end carries the fan-out. */
#include "app/service.h"

#include "app/config.h"
#include "app/data.h"
#include "app/exit_status.h"
#include "app/guard.h"
#include "app/guests.h"
#include "app/limits.h"
#include "app/listen.h"
#include "app/service_keys.h"
#include "app/service_log.h"
#include "app/service_status.h"
#include "app/talk.h"
#include "base/errors.h"
#include "base/intl.h"
#include "host/host.h"
#include "net/listener.h"
#include "net/loop.h"
#include "system/signals.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors that are not members: listeners, the loop's own, standard streams, the store's. */
enum { SERVICE_DESCRIPTORS = 64, SERVICE_RETRY_MS = 1000 };

struct service {
	const struct service_config *config;
	struct loop *loop;
	struct host *host;
	struct data data;
	struct wake *store_wake;
	bool store_failed;
	struct listener *listeners[OPTIONS_HOSTS + 1];
	size_t listener_count;
	struct watch *signal_watch;
	int signals;
	struct loop_hook hook;
	struct loop_timer tick;
	struct loop_timer linger;
	struct loop_timer deadline; /* for the flushing of the last bytes */
	struct service_keys keys;
	struct sandbox sandbox;
	struct guests *guests;
	bool ending;
	bool had_member;
	struct service_log log;
	tchat_time started;
};

#define SERVICE_FLUSH TCHAT_SECONDS(3)
#define SERVICE_FIRST TCHAT_SECONDS(60) /* for its face to come, on the slowest machine */

/* --- Guests */

static void service_guest_gone(void *arg)
{
	struct service *service = arg;
	for (size_t i = 0; i < service->listener_count; i++)
		listener_resume(service->listeners[i]);
}

/* Who went before the host heard of him. */
static void service_stranger_gone(void *arg, const char *address, int err)
{
	struct service *service = arg;
	service_log_say(&service->log, LOG_LEVEL_INFO, _("%s (%s) went: %s"), "-", address, tchat_err_text(err));
}

static void service_accept(void *arg, struct stream *stream)
{
	struct service *service = arg;
	guests_admit(service->guests, stream, 0);
}

/* Only the host's own socket makes owners. Another UNIX socket is for whoever it was opened for: a tunnel or relay of
 * the same account may stand behind it, with strangers at its other end. */
static void service_accept_own(void *arg, struct stream *stream)
{
	struct service *service = arg;
	uid_t uid;
	bool is_own = stream_peer_uid(stream, &uid) == 0 && uid == geteuid();
	guests_admit(service->guests, stream, is_own ? GUESTS_OWNER : 0);
}

static void service_limit(void *arg, int err, int number)
{
	struct service *service = arg;
	service_log_say(&service->log, LOG_LEVEL_WARNING, _("no new connections for now: %s"), strerror(number));
}

static void service_log(struct service *service)
{
	struct host_event event;
	while (host_next_event(service->host, &event))
		service_log_event(&service->log, &event, loop_now(service->loop));
}

/* --- Life */

static void service_end(struct service *service)
{
	if (service->ending)
		return;
	service->ending = true;
	for (size_t i = 0; i < service->listener_count; i++)
		listener_free(service->listeners[i]);
	service->listener_count = 0;
	guests_end(service->guests);
	/* Whom an owner sends home need not come back. */
	uint32_t retry_ms = host_wants_end(service->host) ? 0 : SERVICE_RETRY_MS;
	host_shutdown(service->host, retry_ms, loop_now(service->loop));
	loop_timer_set(service->loop, &service->deadline, loop_now(service->loop) + SERVICE_FLUSH);
	loop_again(service->loop);
}

static int service_status(const struct service *service)
{
	return service->store_failed ? EXIT_STATUS_SYSTEM : EXIT_STATUS_OK;
}

static void service_deadline(void *arg)
{
	struct service *service = arg;
	loop_stop(service->loop, service_status(service));
}

/* Called on any thread. */
static void service_wake_store(void *arg)
{
	loop_wake(arg);
}

static void service_store_ready(void *arg)
{
	struct service *service = arg;
	host_store_ready(service->host, loop_now(service->loop));
	const char *failure = data_failure(&service->data);
	if (failure == NULL || service->store_failed)
		return;
	service->store_failed = true;
	service_log_say(&service->log, LOG_LEVEL_ERROR, _("the history cannot be kept, so the host ends: %s"), failure);
	service_end(service);
}

static void service_linger_over(void *arg)
{
	service_end(arg);
}

/* A host that a face started ends a while after its last member left, or when the face does not even come; one without a
 * face only where that was asked for, and never before somebody was there. */
static void service_mind_linger(struct service *service)
{
	const struct options *options = service->config->options;
	bool has_face = options->face != FACE_NONE;
	struct host_counters counters;
	host_counters(service->host, &counters);
	if (counters.ready > 0) {
		service->had_member = true;
		loop_timer_stop(service->loop, &service->linger);
	} else if (options->linger != TCHAT_NEVER && !loop_timer_is_set(&service->linger) &&
	           (has_face || (service->had_member && options->source[SETTING_LINGER] != FROM_DEFAULT))) {
		bool waits = !service->had_member && options->linger < SERVICE_FIRST;
		loop_timer_set(service->loop, &service->linger,
		               loop_now(service->loop) + (waits ? SERVICE_FIRST : options->linger));
	}
}

/* The end of a round: commit and fan out what came in, write to everybody who has something, set the clock. */
static void service_settle(void *arg)
{
	struct service *service = arg;
	tchat_time now = loop_now(service->loop);
	host_flush(service->host, now);
	guests_flush(service->guests);
	service_log(service);
	service_mind_linger(service);
	if (host_wants_end(service->host))
		service_end(service);
	if (service->ending && guests_are_gone(service->guests))
		loop_stop(service->loop, service_status(service));
	loop_timer_set(service->loop, &service->tick, host_deadline(service->host));
}

static void service_tick(void *arg)
{
	struct service *service = arg;
	host_tick(service->host, loop_now(service->loop));
}

/* As many descriptors as the system allows; how many members fit into them. */
static uint32_t service_room_for(long wanted)
{
	struct rlimit limit;
	rlim_t most = 1024;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		most = limit.rlim_cur;
	}
	most = most > SERVICE_DESCRIPTORS * 2 ? most - SERVICE_DESCRIPTORS : most / 2;
	if (most > 1000000)
		most = 1000000;
	return wanted > 0 && (rlim_t)wanted < most ? (uint32_t)wanted : (uint32_t)most;
}

/* tchatrc is read again, and the log's file opened again. What is wrong leaves everything as it was. */
static void service_reload(struct service *service)
{
	struct service_log *log = &service->log;
	const struct options *options = service->config->options;
	struct config *config = options->config;
	struct host_config changed = { 0 };
	if (config == NULL || service->ending)
		return;
	int err = config_reload(config);
	for (size_t i = 0; config_problem(config, i) != NULL; i++)
		service_log_say(log, LOG_LEVEL_WARNING, "%s", config_problem(config, i));
	service_log_again(log, options);
	if (err == 0) {
		changed.motd = options->motd;
		const struct half_open_limits strangers = limits_half_open(options);
		changed.limits = limits_host(options, service_room_for(options->clients));
		guests_limit(service->guests, &strangers);
		service_keys_choose(&service->keys, options);
		service_keys_configure(&service->keys, &changed);
		err = host_reconfigure(service->host, &changed);
		data_reconfigure(&service->data, options);
		loop_timer_stop(service->loop, &service->linger); /* set anew, if at all, at the end of this round */
	}
	if (err == TCHAT_ERR_SYNTAX)
		service_log_say(log, LOG_LEVEL_WARNING, _("%s is not used; the settings stay as they were"), config_path(config));
	else if (err != 0)
		service_log_say(log, LOG_LEVEL_WARNING, _("the settings stay as they were: %s"), tchat_err_text(err));
	else
		service_log_say(log, LOG_LEVEL_INFO, "%s", _("the settings were read again"));
}

static void service_signal(void *arg, unsigned events)
{
	struct service *service = arg;
	for (int number; (number = signals_take(service->signals)) != 0;) {
		if (number == SIGHUP)
			service_reload(service);
		else
			service_end(service);
	}
}

/* Tells the start's outcome, by the pipe and in the log. */
static void service_report(struct service *service, const char *word, const char *text)
{
	if (service->config->report >= 0)
		dprintf(service->config->report, "%s %s\n", word, text);
	service_log_say(&service->log, LOG_LEVEL_INFO, "%s %s", word, text);
}

static int service_fail(const struct service *service, int status, const char *text)
{
	if (service->config->report >= 0)
		dprintf(service->config->report, "failed %d %s\n", status, text);
	else
		say("%s", text);
	return status;
}

/* An owner wants to know how the host does. */
static void service_add_status(void *arg, struct host_report *report)
{
	struct service *service = arg;
	service_status_report(&(struct service_status){ service->config->options, &service->data, &service->sandbox,
	                                                service->guests, service->started, loop_now(service->loop) }, report);
}

/* Opens all addresses of --host, and the host's own socket. */
static int service_listen(struct service *service)
{
	const struct options *options = service->config->options;
	const struct listener_callbacks callbacks = { service_accept, service_limit, service, (int)options->backlog };
	const struct listener_callbacks for_owner = { service_accept_own, service_limit, service, (int)options->backlog };
	char text[LISTEN_TEXT];
	for (size_t i = 0; i < options->host_count; i++) {
		struct listener **listener = &service->listeners[service->listener_count];
		int status = listen_open(service->loop, options->hosts[i], &callbacks, listener, text);
		if (status != 0)
			return service_fail(service, status, text);
		service->listener_count++;
	}
	struct listener **own = &service->listeners[service->listener_count];
	if (listen_own(service->loop, listener_port(service->listeners[0]), &for_owner, own) == 0)
		service->listener_count++;
	return 0;
}

/* The host is open. */
static void service_tell(struct service *service)
{
	const struct service_config *config = service->config;
	const char *listening[TALK_ADDRESSES];
	size_t count = 0;
	for (size_t i = 0; i < service->listener_count; i++)
		for (size_t k = 0; k < listener_count(service->listeners[i]); k++) {
			const char *address = listener_address(service->listeners[i], k);
			service_report(service, "listening", address);
			if (count < TALK_ADDRESSES)
				listening[count++] = address;
		}
	char text[GUARD_TEXT];
	guard_describe(&service->sandbox, text);
	service_log_say(&service->log, LOG_LEVEL_INFO, "%s", text);
	service_keys_tell(&service->keys, &service->log, config->report, listening, count);
	if (service->data.note[0] != '\0' && config->report >= 0)
		dprintf(config->report, "note %s\n", service->data.note);
	if (service->data.note[0] != '\0')
		service_log_say(&service->log, LOG_LEVEL_WARNING, "%s", service->data.note);
	if (service->data.identity.renewed)
		service_log_say(&service->log, LOG_LEVEL_WARNING, "%s",
		                _("the history is an older one, a copy, or cut short by a crash: members read it afresh"));
	if (service->data.durable)
		service_log_say(&service->log, config->options->verbose ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
		                _("the history is kept in %s"), service->data.path);
	if (config->report >= 0) {
		dprintf(config->report, "ready\n");
		close(config->report);
	}
}

/* The store, and how it wakes the loop. */
static int service_open_data(struct service *service)
{
	char why[DATA_WHY];
	int status = data_open(&service->data, service->config->options, why);
	if (status != 0)
		return service_fail(service, status, why);
	store_wake(service->data.store, service_wake_store, service->store_wake);
	return 0;
}

/* The last that needs more than the host's own folders: the key of its owner, which the host is not to read again, and
 * the file without a name that a history in memory has. */
static int service_confine(struct service *service)
{
	const struct options *options = service->config->options;
	char why[GUARD_TEXT];
	_Static_assert((int)GUARD_TEXT >= (int)DATA_WHY && (int)GUARD_TEXT >= (int)ACCOUNT_TEXT, "each reason has to fit");
	int status = data_choose(&service->data, options, why);
	if (status == 0)
		status = service_keys_open_owner(&service->keys, options, why);
	if (status != 0)
		return service_fail(service, status, why);
	bool has_folder = service->data.path[0] != '\0';
	if (!has_folder && (status = service_open_data(service)) != 0)
		return status;
	status = guard_host(options, service->data.path, service_log_path(options), &service->sandbox, why);
	if (status != 0)
		return service_fail(service, status, why);
	return has_folder ? service_open_data(service) : 0;
}

/* Who the host is. */
static int service_open_keys(struct service *service)
{
	char why[ACCOUNT_TEXT];
	int status = service_keys_open(&service->keys, service->config->options, service->data.path, why);
	return status != 0 ? service_fail(service, status, why) : 0;
}

static int service_make_loop(struct service *service)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGHUP };
	service->signals = signals_open(numbers, sizeof numbers / sizeof numbers[0]);
	service->loop = loop_new(0);
	if (service->loop != NULL)
		service->store_wake = loop_wake_new(service->loop, service_store_ready, service);
	if (service->signals < 0 || service->store_wake == NULL)
		return service_fail(service, EXIT_STATUS_SYSTEM, tchat_err_text(TCHAT_ERR_MEMORY));
	return 0;
}

static int service_make_host(struct service *service)
{
	const struct options *options = service->config->options;
	struct host_config config = {
		.environment = &environment_system,
		.store = service->data.store,
		.identity = service->data.durable ? &service->data.identity : NULL,
		.software = PACKAGE_NAME " " PACKAGE_VERSION,
		.motd = options->motd,
		.report = service_add_status,
		.report_arg = service,
		.limits = limits_host(options, service_room_for(options->clients)),
	};
	service_keys_configure(&service->keys, &config);
	service->host = host_new(&config);
	const struct guests_config guests = { service->loop, service->host, service->keys.identity, service_guest_gone,
		                              service_stranger_gone, service };
	const struct half_open_limits strangers = limits_half_open(options);
	service->guests = service->host != NULL ? guests_new(&guests) : NULL;
	if (service->guests != NULL) {
		guests_limit(service->guests, &strangers);
		guests_expect(service->guests, host_admitted(service->host));
	}
	service->signal_watch = loop_watch_add(service->loop, service->signals, LOOP_READ, 0, service_signal, service);
	if (service->guests == NULL || service->signal_watch == NULL)
		return service_fail(service, EXIT_STATUS_SYSTEM, tchat_err_text(TCHAT_ERR_MEMORY));
	service->started = clock_monotonic();
	loop_timer_init(&service->tick, service_tick, service);
	loop_timer_init(&service->linger, service_linger_over, service);
	loop_timer_init(&service->deadline, service_deadline, service);
	loop_hook_add(service->loop, &service->hook, service_settle, service);
	return 0;
}

int service_run(const struct service_config *config)
{
	struct service service = { .config = config, .signals = -1 };
	char why[SERVICE_LOG_TEXT];
	int status = service_log_open(&service.log, config->options, config->report >= 0, why);
	status = status != 0 ? service_fail(&service, status, why) : service_make_loop(&service);
	/* First the addresses: who starts a host twice is told so, and the folder of one that just ended gets free. */
	if (status == 0)
		status = service_listen(&service);
	if (status == 0)
		status = service_confine(&service);
	if (status == 0)
		status = service_open_keys(&service);
	if (status == 0)
		status = service_make_host(&service);
	if (status != 0)
		goto out;
	service_keys_start(&service.keys, service.host);
	service_tell(&service);
	if (config->face != NULL)
		guests_admit(service.guests, config->face, GUESTS_OWNER | GUESTS_INSIDE);
	status = loop_run(service.loop);
	if (status < 0)
		status = EXIT_STATUS_SYSTEM;
out:
	guests_free(service.guests);
	for (size_t i = 0; i < service.listener_count; i++)
		listener_free(service.listeners[i]);
	data_close(&service.data);
	loop_wake_free(service.store_wake);
	loop_free(service.loop);
	host_free(service.host);
	service_keys_close(&service.keys);
	signals_close();
	service_log_close(&service.log);
	return status;
}
