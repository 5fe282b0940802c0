/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host's keys, from its start to its end. */
#include "app/service_keys.h"

#include "app/exit_status.h"
#include "app/reach.h"
#include "base/intl.h"
#include "base/wipe.h"
#include "store/known_hosts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_SECONDS = 86400 };

/* What a child says of the user's key. */
struct owner {
	int status;
	struct trust_pin pin;
	char why[ACCOUNT_TEXT];
};

static void find_owner(struct owner *owner)
{
	struct trust_identity *user;
	owner->status = account_user(&user, owner->why);
	if (owner->status != 0)
		return;
	owner->pin = *trust_identity_pin(user);
	trust_identity_free(user);
}

/* A host has no use for its owner's secret, so it never is in its memory: a child opens the key and tells whose it is. */
static void ask_for_owner(struct owner *owner)
{
	int ends[2];
	pid_t child = -1;
	if (pipe(ends) == 0 && (child = fork()) == 0) {
		find_owner(owner);
		_exit(write(ends[1], owner, sizeof *owner) == (ssize_t)sizeof *owner ? 0 : 1);
	}
	int number = errno;
	if (child > 0) {
		close(ends[1]);
		ssize_t length;
		while ((length = read(ends[0], owner, sizeof *owner)) < 0 && errno == EINTR)
			continue;
		number = errno;
		close(ends[0]);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			continue;
		if (length == (ssize_t)sizeof *owner)
			return;
	}
	owner->status = EXIT_STATUS_SYSTEM;
	snprintf(owner->why, sizeof owner->why, _("cannot open the key of this account: %s"), strerror(number));
}

void service_keys_choose(struct service_keys *keys, const struct options *options)
{
	keys->access = options->face == FACE_NONE ? HOST_ACCESS_INVITE : HOST_ACCESS_ASK;
	if (options->access >= 0)
		keys->access = options->access == ACCESS_OPEN   ? HOST_ACCESS_OPEN :
		               options->access == ACCESS_INVITE ? HOST_ACCESS_INVITE :
		                                                  HOST_ACCESS_ASK;
	bool joined = options->history_access == HOST_HISTORY_JOINED;
	if (options->history_access < 0)
		joined = keys->access == HOST_ACCESS_OPEN && !options->insecure;
	keys->history = joined ? HOST_HISTORY_JOINED : HOST_HISTORY_ALL;
}

int service_keys_open_owner(struct service_keys *keys, const struct options *options, char why[ACCOUNT_TEXT])
{
	struct owner owner = { 0 };
	*keys = (struct service_keys){ 0 };
	service_keys_choose(keys, options);
	if (options->insecure)
		return 0;
	if (options->face == FACE_NONE)
		reach_look(&keys->own);
	ask_for_owner(&owner);
	keys->owner = owner.pin;
	memcpy(why, owner.why, sizeof owner.why);
	return owner.status;
}

int service_keys_open(struct service_keys *keys, const struct options *options, const char *folder,
                      char why[ACCOUNT_TEXT])
{
	return options->insecure ? 0 : account_host(options, folder, &keys->identity, why);
}

void service_keys_configure(const struct service_keys *keys, struct host_config *config)
{
	config->history = keys->history;
	if (keys->identity == NULL)
		return;
	config->pin = trust_identity_pin(keys->identity);
	config->owner = &keys->owner;
	config->access = keys->access;
}

void service_keys_start(struct service_keys *keys, struct host *host)
{
	uint8_t public[TRUST_PUBLIC_SIZE];
	if (keys->identity == NULL)
		return;
	keys->noted = known_hosts_own_add(trust_identity_pin(keys->identity)->bytes) == 0;
	/* Without an invitation people can still knock, or be invited later. */
	keys->has_token = keys->access != HOST_ACCESS_OPEN && trust_token_new(keys->token) == 0 &&
	                  trust_token_public(keys->token, public) == 0 &&
	                  host_invite(host, public, 1, FIRST_SECONDS, NULL) == 0;
}

/* A line with a secret, of which no stream keeps a copy; whoever does not read it does without. */
static void tell_secret(int fd, char *line, size_t size, const char *word, const char *secret)
{
	int length = snprintf(line, size, "%s%s\n", word, secret);
	for (size_t done = 0, all = length > 0 && (size_t)length < size ? (size_t)length : 0; done < all;) {
		ssize_t n = write(fd, line + done, all - done);
		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	wipe(line, size);
}

static void tell_report(const struct service_keys *keys, int report)
{
	char pin[TRUST_PIN_TEXT], token[TRUST_TOKEN_TEXT], line[TRUST_TOKEN_TEXT + 8];
	trust_pin_write(trust_identity_pin(keys->identity), pin);
	dprintf(report, "key %s\n", pin);
	if (!keys->has_token)
		return;
	trust_token_write(keys->token, token);
	tell_secret(report, line, sizeof line, "invite ", token);
	wipe(token, sizeof token);
}

static void tell_people(const struct service_keys *keys, struct service_log *log, const char *const *listening,
                        size_t count)
{
	char words[TRUST_WORDS], fingerprint[TRUST_FINGERPRINT], link[ADDRESS_LINK], line[ADDRESS_LINK + 1];
	struct talk_place place = { .listening_count = count < TALK_ADDRESSES ? count : TALK_ADDRESSES, .own = keys->own };
	const struct trust_pin *pin = trust_identity_pin(keys->identity);
	memcpy(place.listening, listening, place.listening_count * sizeof place.listening[0]);
	trust_words(pin, words);
	trust_fingerprint(pin, fingerprint);
	service_log_say(log, LOG_LEVEL_INFO, _("the host's key: %1$s (%2$s)"), words, fingerprint);
	if (!keys->has_token)
		return;
	if (reach_links(&place, pin, keys->token, "", 1, "", link, sizeof link) > 0) {
		service_log_say(log, LOG_LEVEL_INFO, "%s", _("with the link on standard output one person comes in, within a day"));
		tell_secret(STDOUT_FILENO, line, sizeof line, "", link);
	}
	wipe(link, sizeof link);
}

void service_keys_tell(struct service_keys *keys, struct service_log *log, int report, const char *const *listening,
                       size_t count)
{
	if (keys->identity != NULL && report >= 0)
		tell_report(keys, report);
	else if (keys->identity != NULL)
		tell_people(keys, log, listening, count);
	wipe(keys->token, sizeof keys->token);
	keys->has_token = false;
}

void service_keys_close(struct service_keys *keys)
{
	if (keys->noted)
		known_hosts_own_remove();
	trust_identity_free(keys->identity);
	wipe(keys, sizeof *keys);
}
