"""One plant: its yard and stores, and its lines, which work as long as there is something to do, and room."""

from __future__ import annotations

from collections.abc import Mapping

from fleet.messages.plants import BatchEnded, LineStopped, Shipped, SiteClosed, SiteOpened, StockReported
from fleet.sim.body import add_to
from fleet.sim.books import INITIAL, KG, WH
from fleet.sim.plants.assays import Assays
from fleet.sim.plants.batch import Batch, Cause, Line, Masses
from fleet.sim.plants.drive import Drive
from fleet.sim.plants.hours import hours
from fleet.sim.plants.house import House
from fleet.sim.plants.params import PlantParams, ShippingParams
from fleet.sim.plants.piles import Piles
from fleet.sim.plants.sendback import SendBack
from fleet.sim.plants.stores import Stores
from fleet.sim.yards import Dockyard


class Plant:
    """What a site of `plants.sites` is and does.

    Its accounts: `stock`, `in-process`, `product`, `by-product`, and `lines`, `heat`, `processed` of the site.
    """

    def __init__(self, house: House, params: PlantParams, yard: Dockyard, district: str) -> None:
        self.house, self.params, self.yard = house, params, yard
        self.piles = Piles(yard.stock)
        self.stores = Stores(params.stores_kg, params.store_kg)
        kinds = [line for line in params.lines for _ in range(line.count)]
        self.lines = [Line(n, line, house.book[line.recipe], self._drive()) for n, line in enumerate(kinds)]
        self.assays = Assays(house, params.assay, yard, self.piles)
        self.send_back = SendBack(house, params.send_back, self, district)
        self.processed_wh = self.heat_wh = 0.0
        self._weighings = 0
        self._busy = 0
        yard.arrived = self._arrived

    def _drive(self) -> Drive:
        return Drive(self.house.power, self.house.parts.kernel, self.params.site, self._power_changed)

    # ---- the run

    def begin(self) -> None:
        """What lies there from the start is booked, and whether it is open is said."""
        site, kernel, stock = self.params.site, self.house.parts.kernel, self.params.stock_kg
        if stock:
            self.house.parts.books.carry(INITIAL, ("stock", site), stock)
            for material, kg in sorted(stock.items()):
                self.piles.add(material, {material: kg})
        p = self.params
        is_open, changes = hours(p.opens_at, p.closes_at, self.house.start_hour, self.house.end_ms)
        for at_ms, opens in changes:
            kernel.at(at_ms, self._turn, opens)
        for number, shipping in enumerate(p.ships):
            if shipping.every_h is not None:
                kernel.at(round(3_600_000 * shipping.every_h), self._ship_in_time, number, 1)
        self._turn(is_open)
        if stock:
            self.report()

    def settle(self) -> None:
        """Book what the batches under way have drawn so far, and hold everything against the books."""
        books, site = self.house.parts.books, self.params.site
        in_process: Masses = {}
        for line in self.lines:
            batch = line.batch
            if batch is not None:
                add_to(in_process, batch.given)
            self._pass_on(line)
        books.compare_contents(("in-process", site), in_process)
        books.compare_contents(("product", site), self.stores.products)
        books.compare_contents(("by-product", site), self.stores.byproducts)
        books.compare(WH, ("lines", site), 0.0)
        books.compare(WH, ("processed", site), self.processed_wh)
        books.compare(WH, ("heat", site), self.heat_wh)

    # ---- what happens

    def _arrived(self, inside: Mapping[str, Mapping[str, float]]) -> None:
        for label in sorted(inside):
            self.piles.put(label, inside[label])
        self.piles.settle()
        for label in sorted(inside):
            self.assays.arrived(label, sum(inside[label].values()))
        self.stir()

    def _turn(self, is_open: bool) -> None:
        self.yard.closed = not is_open
        if is_open:
            recipes = tuple(sorted({line.name for line in self.lines}))
            kind, licensed = self.params.kind, self.params.licensed
            self.yard.port.say(SiteOpened(site=self.yard.id, kind=kind, licensed=licensed, recipes=recipes))
        else:
            self.yard.port.say(SiteClosed(site=self.yard.id))
        self.stir()

    def stir(self) -> None:
        """Something changed: send back what is not kept, and begin what batches can begin, or go on with them."""
        self.piles.settle()
        self.send_back.look()
        for line in self.lines:
            if line.batch is None:
                self._stand(line, self._begin(line))
            elif line.since_ms < 0:
                self._stand(line, self._go_on(line, line.batch))

    def _begin(self, line: Line) -> Cause:
        """Begin a batch, or say why not."""
        batch = line.next_batch(self.piles, self.house.parts.kernel.now_ms)
        cause = self._obstacle(line, batch)
        if batch is None or cause:
            line.drive.rests()
            return cause
        if not line.drive.asks(batch.kw):
            return "no-power"
        for pile in batch.piles:
            self.piles.take(pile, batch.piles[pile])
        site, books = self.yard.id, self.house.parts.books
        books.carry(("stock", site), ("in-process", site), batch.given)
        self.stores.promise(batch.outcome.stored)
        self._busy += line.workers
        line.batch, line.left_ms = batch, batch.lasts_ms
        return self._go_on(line, batch)

    def _obstacle(self, line: Line, batch: Batch | None) -> Cause:
        """What keeps a line from this batch, power aside."""
        if self.yard.closed:
            return "closed"
        if batch is None:
            return "no-input"
        if not self.stores.has_room(batch.outcome.stored):
            return "no-room"
        return "no-workers" if self._busy + line.workers > self.params.workers else ""

    def _go_on(self, line: Line, batch: Batch) -> Cause:
        if not line.drive.asks(batch.kw):
            return "no-power"
        kernel = self.house.parts.kernel
        line.since_ms, line.turn = kernel.now_ms, line.turn + 1
        kernel.at(kernel.now_ms + line.left_ms, self._end, line, line.turn)
        return ""

    def _power_changed(self) -> None:
        """Lines that lost their power are held up where they are; it is looked at what can go on."""
        now = self.house.parts.kernel.now_ms
        for line in self.lines:
            if line.batch is not None and line.since_ms >= 0 and not line.drive.asks(line.batch.kw):
                line.left_ms = max(0, line.left_ms - (now - line.since_ms))
                line.since_ms, line.turn = -1, line.turn + 1
        self.stir()

    def _stand(self, line: Line, cause: Cause) -> None:
        if cause and cause != line.cause:
            self.yard.port.say(LineStopped(site=self.yard.id, line=line.number, recipe=line.name, cause=cause))
        line.cause = cause

    def _end(self, line: Line, turn: int) -> None:
        batch = line.batch
        if batch is None or turn != line.turn:
            return
        line.batch, line.since_ms = None, -1
        line.drive.rests()
        self._pass_on(line)
        self._busy -= line.workers
        self._book(batch)
        out = batch.outcome
        line.moved_kg += sum(batch.claimed.products.values()) - sum(out.products.values())
        self.stores.fill(out.stored, out.products, out.byproducts)
        for material, kg in sorted(out.back.items()):
            self.piles.add(material, {material: kg})
        self._say_ended(line, batch)
        for shipping in self.params.ships:
            if shipping.at_kg is not None and self.stores.kg(shipping.what) >= shipping.at_kg:
                self.ship(shipping)
        self.stir()
        self.report()

    def _book(self, batch: Batch) -> None:
        books, site, out = self.house.parts.books, self.yard.id, batch.outcome
        made = ("made", site)
        books.convert(("in-process", site), made, batch.given, out.total)
        books.carry(made, ("product", site), out.products)
        books.carry(made, ("by-product", site), out.byproducts)
        for reason in sorted(out.lost):
            books.carry(made, ("lost", reason), {reason: out.lost[reason]})
        for back in (out.sorted, out.found):
            books.carry(made, ("stock", site), back)
        books.compare(KG, made, 0.0)

    def _pass_on(self, line: Line) -> None:
        """What a line drew has become heat, or is in what it made."""
        books, site, wh = self.house.parts.books, self.yard.id, line.drive.drawn_wh()
        heat = wh * line.recipe.heat_share
        books.transfer(WH, ("lines", site), ("heat", site), heat)
        books.transfer(WH, ("lines", site), ("processed", site), wh - heat)
        self.heat_wh += heat
        self.processed_wh += wh - heat

    # ---- shipping

    def _ship_in_time(self, number: int, times: int) -> None:
        shipping = self.params.ships[number]
        assert shipping.every_h is not None
        if self.stores.kg(shipping.what) > 0.0:
            self.ship(shipping)
            self.stir()
            self.report()
        at_ms = round(3_600_000 * shipping.every_h * (times + 1))
        self.house.parts.kernel.at(at_ms, self._ship_in_time, number, times + 1)

    def ship(self, shipping: ShippingParams) -> None:
        """Empty a store. Of what goes to the market, what can come back is in use from now on."""
        what, site, books = shipping.what, self.yard.id, self.house.parts.books
        for kind, store in (("product", self.stores.products), ("by-product", self.stores.byproducts)):
            kg = store.get(what, 0.0)
            sold = kind == "product" and shipping.to == "market"
            in_use = self.house.shipped(what, kg) if sold else 0.0
            for target, part in (("in-use", in_use), (shipping.to, kg - in_use)):
                if part > 0.0:
                    books.carry((kind, site), (target, ""), {what: part})
        kg = self.stores.empty(what)
        self.yard.port.say(Shipped(site=site, what=what, scale_kg=self.weigh(kg), to=shipping.to))

    # ---- words

    def weigh(self, kg: float) -> float:
        """What the site's scales show, which is never less than nothing."""
        return max(0.0, round(kg * self.scale_error() + self.yard.wear.scale_zero_kg.total, 3))

    def scale_error(self) -> float:
        """What the scales show for a kilogram, the next time they are read."""
        self._weighings += 1
        noise = self.house.scale.one_normal(self.yard.node, self._weighings)
        return self.yard.wear.scale.product * (1.0 + self.params.scale_sigma * noise)

    def _weighed(self, masses: Mapping[str, float]) -> dict[str, float]:
        return {name: self.weigh(masses[name]) for name in sorted(masses)}

    def _say_ended(self, line: Line, batch: Batch) -> None:
        out = batch.claimed
        self.yard.port.say(
            BatchEnded(
                site=self.yard.id,
                line=line.number,
                recipe=line.name,
                began_ms=batch.began_ms,
                input_kg=self._weighed({pile: sum(batch.piles[pile].values()) for pile in batch.piles}),
                sorted_kg=self._weighed(out.back),
                product_kg=self._weighed(out.products),
                byproduct_kg=self._weighed(out.byproducts),
                lost_kg={name: round(kg, 3) for name, kg in sorted(out.lost.items())},
                kwh=round(batch.kwh, 3),
            )
        )

    def report(self) -> None:
        """Say what lies there, and what is in the stores."""
        self.piles.settle()
        self.yard.port.say(
            StockReported(
                site=self.yard.id,
                stock_kg=self._weighed({pile: self.piles.kg(pile) for pile in self.piles.names}),
                product_kg=self._weighed(self.stores.products),
                byproduct_kg=self._weighed(self.stores.byproducts),
            )
        )
