/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that look alike (UTS 39): with ICU's tables, or, without ICU, with a list for ASCII and no letters of other
 * scripts that have look-alikes. */
#include "config.h"

#include "base/text.h"

#include "base/errors.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_ICU
#include <unicode/uspoof.h>
#else
#include <utf8proc.h>
#endif

enum { FOLDED_MOST = 4 * TEXT_SKELETON_SIZE };

/* The text folded as for searching: case apart. */
static int fold(const char *text, char folded[TEXT_SKELETON_SIZE])
{
	struct buffer out;
	buffer_init(&out, FOLDED_MOST);
	int err = text_search_fold(&out, text, strlen(text));
	size_t length = buffer_length(&out);
	if (err == 0 && (length == 0 || length >= TEXT_SKELETON_SIZE))
		err = TCHAT_ERR_BAD_NAME;
	if (err == 0) {
		memcpy(folded, buffer_data(&out), length);
		folded[length] = '\0';
	}
	buffer_free(&out);
	return err == TCHAT_ERR_FULL ? TCHAT_ERR_BAD_NAME : err;
}

#ifdef HAVE_ICU

struct looks {
	USpoofChecker *checker;
};

static int looks_open(struct looks *looks)
{
	UErrorCode status = U_ZERO_ERROR;
	looks->checker = uspoof_open(&status);
	if (U_FAILURE(status))
		return TCHAT_ERR_MEMORY;
	uspoof_setRestrictionLevel(looks->checker, USPOOF_HIGHLY_RESTRICTIVE);
	uspoof_setChecks(looks->checker, USPOOF_RESTRICTION_LEVEL | USPOOF_INVISIBLE | USPOOF_MIXED_NUMBERS, &status);
	return U_FAILURE(status) ? TCHAT_ERR_MEMORY : 0;
}

static void looks_close(struct looks *looks)
{
	uspoof_close(looks->checker);
}

static int looks_allowed(const struct looks *looks, const char *name)
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t failed = uspoof_checkUTF8(looks->checker, name, -1, NULL, &status);
	return U_FAILURE(status) || failed != 0 ? TCHAT_ERR_BAD_NAME : 0;
}

static int looks_skeleton(const struct looks *looks, const char *text, char skeleton[TEXT_SKELETON_SIZE])
{
	UErrorCode status = U_ZERO_ERROR;
	int32_t length = uspoof_getSkeletonUTF8(looks->checker, 0, text, -1, skeleton, TEXT_SKELETON_SIZE, &status);
	if (status == U_MEMORY_ALLOCATION_ERROR)
		return TCHAT_ERR_MEMORY;
	return U_FAILURE(status) || length <= 0 || length >= TEXT_SKELETON_SIZE ? TCHAT_ERR_BAD_NAME : 0;
}

#else

struct looks {
	int unused;
};

static int looks_open(struct looks *looks)
{
	looks->unused = 0;
	return 0;
}

static void looks_close(struct looks *looks)
{
}

/* Chinese, Japanese and Korean letters look like none of ASCII's. */
static bool letter_is_plain(char32_t c)
{
	return c < 0x80 || (c >= 0x1100 && c <= 0x11FF) || (c >= 0x3005 && c <= 0x30FF) || (c >= 0x3105 && c <= 0x318F) ||
	       (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0xAC00 && c <= 0xD7FF);
}

static int looks_allowed(const struct looks *looks, const char *name)
{
	for (size_t at = 0, length = strlen(name); at < length;) {
		char32_t c;
		at += utf8_decode(name + at, length - at, &c);
		utf8proc_category_t category = utf8proc_category((utf8proc_int32_t)c);
		bool letter = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
		if (letter && !letter_is_plain(c))
			return TCHAT_ERR_BAD_NAME;
	}
	return 0;
}

static int looks_skeleton(const struct looks *looks, const char *text, char skeleton[TEXT_SKELETON_SIZE])
{
	size_t to = 0;
	for (size_t at = 0; text[at] != '\0'; at++) {
		char c = text[at];
		if (to + 3 > TEXT_SKELETON_SIZE)
			return TCHAT_ERR_BAD_NAME;
		if (c == 'I' || c == '1' || c == '|')
			c = 'l';
		else if (c == '0')
			c = 'O';
		if (c == 'm') {
			skeleton[to++] = 'r';
			c = 'n';
		}
		skeleton[to++] = c;
	}
	skeleton[to] = '\0';
	return 0;
}

#endif

int text_name_skeletons(const char *name, char skeletons[2][TEXT_SKELETON_SIZE])
{
	char folded[TEXT_SKELETON_SIZE], first[TEXT_SKELETON_SIZE];
	struct looks looks = { 0 };
	int err = looks_open(&looks);
	if (err == 0)
		err = looks_allowed(&looks, name);
	if (err == 0)
		err = fold(name, folded);
	if (err == 0)
		err = looks_skeleton(&looks, folded, skeletons[0]);
	/* A capital I looks like an l as long as it is not folded. */
	if (err == 0)
		err = looks_skeleton(&looks, name, first);
	if (err == 0)
		err = fold(first, folded);
	if (err == 0)
		err = looks_skeleton(&looks, folded, skeletons[1]);
	looks_close(&looks);
	return err;
}
