"""Pictures and files: attaching them to a message, sending them, and seeing them again."""

import base64
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.e2e.app import App, answer, ask, box, until, wait_for_end
from tests.e2e.files import SampleFile, drag, drop, paste, picture

PICTURES_LOADED = (
    "[...document.querySelectorAll('.message.user img')].every((each) => each.naturalWidth > 0)"
)
COPY = """
async (data) => {
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  const picture = new Blob([bytes], { type: "image/png" });
  await navigator.clipboard.write([new ClipboardItem({ "image/png": picture })]);
}
"""
LEAK = """
() => {
  const alive = new Set();
  const { createObjectURL, revokeObjectURL } = URL;
  URL.createObjectURL = (blob) => {
    const address = createObjectURL(blob);
    alive.add(address);
    return address;
  };
  URL.revokeObjectURL = (address) => {
    alive.delete(address);
    revokeObjectURL(address);
  };
  window.alive = alive;
}
"""


PHOTOGRAPH = """
() => {
  const canvas = document.createElement("canvas");
  canvas.width = 60;
  canvas.height = 40;
  canvas.getContext("2d").fillRect(0, 0, 30, 40);
  return canvas.toDataURL("image/jpeg").split(",")[1];
}
"""


def tray(page: Page) -> Locator:
    """The attachments of the message that is being written."""
    return page.get_by_role("list", name="Attachments").get_by_role("listitem")


def test_a_picture_is_dropped_sent_seen_again_and_exported(
    page: Page, app: App, tmp_path: Path
) -> None:
    tide = picture()
    drag(page, [tide], "dragenter", "dragover")
    expect(page.get_by_text("Drop images or files here")).to_be_visible()
    drag(page, [tide], "drop")
    expect(page.get_by_text("Drop images or files here")).to_have_count(0)
    expect(tray(page)).to_contain_text(f"tide.png{len(tide.content)} bytes")
    expect(box(page)).to_be_focused()
    ask(page, "what is it?")
    expect(tray(page)).to_have_count(0)
    wait_for_end(page)
    expect(answer(page)).to_contain_text(f"picture (image/png, {len(tide.content)} bytes)")
    page.reload()
    tile = page.get_by_role("button", name="tide.png")
    expect(tile.get_by_role("img", name="tide.png")).to_be_visible()
    until(page, PICTURES_LOADED)
    tile.click()
    expect(page.get_by_role("dialog").get_by_role("img", name="tide.png")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(tile).to_be_focused()
    page.locator("[data-conversation]", has_text="what is it?").first.press("Shift+F10")
    export = page.get_by_role("menuitem", name="Export as web page")
    if app.kind == "browser":
        with page.expect_download() as download:
            export.click()
        path = tmp_path / "exported.html"
        download.value.save_as(path)
    else:
        export.click()
        path = Path(page.get_by_text("Saved to ").inner_text().removeprefix("Saved to "))
    coded = base64.b64encode(tide.content).decode()
    assert f"data:image/png;base64,{coded}" in path.read_text("utf-8")


def test_a_picture_comes_out_of_the_clipboard(page: Page, app: App) -> None:
    if app.kind == "browser":
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.bring_to_front()
    page.evaluate(COPY, picture().values[2])
    box(page).press("Control+v")
    expect(tray(page)).to_contain_text("image.png")


def test_what_is_pasted_is_attached_but_a_table_stays_words(page: Page) -> None:
    assert not paste(page, picture("image.png"))
    expect(tray(page)).to_contain_text("image.png")
    assert paste(page, picture("table.png"), html="<table>", plain="a\tb"), "the box takes the text"
    expect(tray(page)).to_have_count(1)
    page.get_by_role("button", name="Remove image.png").press("Delete")
    expect(tray(page)).to_have_count(0)
    expect(box(page)).to_be_focused()


def test_the_dialog_brings_files_and_text_goes_as_words(
    page: Page, app: App, tmp_path: Path
) -> None:
    note = tmp_path / "Gezeiten am Nordkap.md"
    note.write_text("high at noon", "utf-8")
    drawing = tmp_path / "drawing.svg"
    drawing.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", "utf-8")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Attach images or files").click()
    assert chosen.value.is_multiple()
    chosen.value.set_files([note, drawing])
    expect(tray(page).nth(0)).to_contain_text("12 bytes · as text, about 3 tokens")
    expect(tray(page).nth(1)).to_contain_text("as text")
    box(page).press("Enter")
    wait_for_end(page)
    expect(answer(page)).to_contain_text("Gezeiten am Nordkap.md")
    expect(answer(page)).to_contain_text("high at noon")
    expect(page.locator(".message.user img")).to_have_count(0)
    page.locator(".message.user").get_by_role("button", name="Gezeiten am Nordkap.md").click()
    dialog = page.get_by_role("dialog", name="Gezeiten am Nordkap.md")
    expect(dialog).to_contain_text("high at noon")
    saved = tmp_path / "saved.md"
    save = dialog.get_by_role("button", name="Save")
    if app.kind == "browser":
        with page.expect_download() as download:
            save.click()
        assert download.value.suggested_filename == note.name
        download.value.save_as(saved)
    else:
        save.click()
        notice = dialog.get_by_text("Saved to ").inner_text()
        saved = Path(notice.removeprefix("Saved to "))
    assert saved.read_text("utf-8") == "high at noon"
    page.keyboard.press("Escape")


def test_what_cannot_be_sent_is_said_and_nothing_is_lost(page: Page) -> None:
    box(page).fill("look at these")
    song = SampleFile("song.mp3", "audio/mpeg", bytes(range(256)))
    report = SampleFile("report.pdf", "application/pdf", b"%PDF-1.7" + bytes(1_000_000), 21)
    drop(page, song, report, picture("ok.png"))
    expect(tray(page).nth(0)).to_contain_text("file type can't be sent")
    expect(tray(page).nth(1)).to_contain_text("21 MBToo large. The limit is 20 MB.")
    expect(tray(page).nth(2)).to_contain_text("ok.png")
    box(page).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not sent.")
    expect(page.locator(".message")).to_have_count(0)
    expect(box(page)).to_have_value("look at these")
    page.get_by_role("button", name="Remove song.mp3").click()
    page.get_by_role("button", name="Remove report.pdf").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    box(page).press("Enter")
    wait_for_end(page)
    expect(answer(page)).to_contain_text("look at these")


def test_a_model_that_takes_no_pictures_says_so_before_it_is_asked(page: Page) -> None:
    page.get_by_role("button", name="choose another model").click()
    page.locator("[data-model=echo-strict]").click()
    drop(page, picture())
    expect(tray(page)).to_contain_text("doesn't accept images")
    ask(page, "look")
    expect(page.get_by_role("alert")).to_contain_text("choose another model")
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_role("button", name="choose another model").click()
    page.locator("[data-model=echo]").click()
    expect(tray(page)).not_to_contain_text("doesn't accept images")
    box(page).press("Enter")
    wait_for_end(page)
    expect(answer(page)).to_contain_text("picture (image/png")


def test_a_large_picture_is_scaled_and_that_is_said(page: Page) -> None:
    drop(page, picture("wide.png", 3_000, 20))
    expect(tray(page)).to_contain_text("resized to 1,568 px")
    box(page).press("Enter")
    wait_for_end(page)
    until(page, PICTURES_LOADED)
    width = page.evaluate("document.querySelector('.message.user img').naturalWidth")
    assert width == 1_568


def test_a_small_picture_is_sent_whole_but_for_its_notes(page: Page) -> None:
    # The scaled picture would have more bytes.
    drop(page, picture("wide.png", 1_900, 20))
    expect(tray(page)).to_contain_text("wide.png")
    expect(tray(page)).not_to_contain_text("resized")
    page.get_by_role("button", name="Remove wide.png").click()

    photograph = base64.b64decode(page.evaluate(PHOTOGRAPH))
    note = b"http://ns.adobe.com/xap/1.0/\0 at home"
    segment = b"\xff\xe1" + (len(note) + 2).to_bytes(2, "big") + note
    annotated = photograph[:2] + segment + photograph[2:]
    drop(page, SampleFile("beach.jpg", "image/jpeg", annotated))
    expect(tray(page).locator("img")).to_be_visible()
    box(page).press("Enter")
    wait_for_end(page)
    expect(answer(page)).to_contain_text(f"picture (image/jpeg, {len(photograph)} bytes)")


def test_a_full_message_arrives(page: Page) -> None:
    """The limit of a message is 20 MB."""
    drop(page, SampleFile("full.pdf", "application/pdf", b"%PDF-1.7" + bytes(999_992), 20))
    expect(tray(page)).to_contain_text("full.pdf20 MB")
    box(page).press("Enter")
    wait_for_end(page)
    expect(answer(page)).to_contain_text("file full.pdf (application/pdf, 20000000 bytes)")


def test_a_draft_keeps_what_is_attached(page: Page) -> None:
    ask(page, "a place")
    wait_for_end(page, 1)
    drop(page, picture("kept.png"))
    expect(tray(page)).to_contain_text("kept.png")
    page.get_by_role("button", name="New chat").click()
    expect(tray(page)).to_have_count(0)
    page.get_by_role("navigation").get_by_role("button", name="a place", exact=True).click()
    expect(tray(page)).to_contain_text("kept.png")
    until(page, "sessionStorage.length > 0 && JSON.stringify(sessionStorage).includes('kept.png')")
    page.reload()
    expect(tray(page)).to_contain_text("kept.png")
    ask(page, "and now?")
    wait_for_end(page, 1)
    expect(answer(page)).to_contain_text("picture (image/png")


def test_what_is_queued_and_edited_keeps_its_picture(page: Page) -> None:
    ask(page, "word\n/stall")
    expect(answer(page)).to_have_text("word")
    drop(page, picture("next.png"))
    expect(tray(page)).to_contain_text("next.png")
    box(page).fill("the next one")
    box(page).press("Control+Enter")
    expect(page.get_by_text("Queued: the next one + 1 attachment")).to_be_visible()
    expect(tray(page)).to_have_count(0)
    page.keyboard.press("Escape")
    wait_for_end(page, 1)
    # After a stopped answer, the queued message returns to the box.
    expect(tray(page)).to_contain_text("next.png")
    box(page).press("Enter")
    wait_for_end(page, 2)
    expect(answer(page)).to_contain_text("picture (image/png")
    page.get_by_role("button", name="Edit").last.click()
    editor = page.get_by_role("textbox", name="Edit your question")
    expect(tray(page)).to_contain_text("next.png")
    editor.fill("in other words")
    editor.press("Enter")
    wait_for_end(page, 3)
    expect(answer(page)).to_contain_text("in other words I got: picture (image/png")


def test_addresses_of_pictures_are_given_back(page: Page) -> None:
    page.evaluate(LEAK)
    drop(page, picture("a.png"), picture("b.png"))
    expect(tray(page).locator("img")).to_have_count(2)
    ask(page, "two of them")
    wait_for_end(page)
    until(page, PICTURES_LOADED)
    assert page.evaluate("window.alive.size") == 2
    page.get_by_role("button", name="New chat").click()
    expect(page.locator(".message")).to_have_count(0)
    assert page.evaluate("window.alive.size") == 0


def test_earlier_prompts_come_back_and_the_draft_after_them(page: Page) -> None:
    ask(page, "the first prompt")
    wait_for_end(page, 1)
    ask(page, "the second prompt")
    wait_for_end(page, 2)
    box(page).fill("half a thought")
    box(page).press("Control+ArrowUp")
    expect(box(page)).to_have_value("the second prompt")
    box(page).press("Alt+ArrowUp")
    expect(box(page)).to_have_value("the first prompt")
    box(page).press("Control+ArrowDown")
    box(page).press("Control+ArrowDown")
    expect(box(page)).to_have_value("half a thought")
